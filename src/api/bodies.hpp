#pragma once
#include <optional>
#include <string>
#include <vector>

#include "loquat/contracts/conversations.hpp"
#include "loquat/wire/codec.hpp"

/// Bodies of this room's requests and answers.
namespace loquat::api {

template <class T>
struct PageBody {
  std::vector<T> items;
  std::optional<std::string> next_cursor;
  template <class V>
  void fields(V& v) {
    v("items", items, "In order.");
    v("next_cursor", next_cursor, "Absent on the last page.");
  }
};

struct CreateSessionBody {
  std::string title;
  template <class V>
  void fields(V& v) {
    v("title", title, "For lists.", len(0, 200), defaulted);
  }
};
struct SessionBody {
  std::string session_id, tenant_id, user_id, title;
  WallTime created_at{}, last_active_at{};
  std::int64_t message_count = 0;
  template <class V>
  void fields(V& v) {
    v("session_id", session_id, "Id of the session.");
    v("tenant_id", tenant_id, "Its tenant.");
    v("user_id", user_id, "Its user.");
    v("title", title, "For lists.");
    v("created_at", created_at, "When it began.");
    v("last_active_at", last_active_at, "When it was last used.");
    v("message_count", message_count, "Questions so far.");
  }
};
struct MessageBody {
  std::string message;
  std::optional<std::string> response_style;
  template <class V>
  void fields(V& v) {
    v("message", message, "The question.", len(1, 16384));
    v("response_style", response_style, "brief or detailed.", one_of({"", "brief", "detailed"}));
  }
};
struct ProcessBody : MessageBody {
  std::string session_id;
  template <class V>
  void fields(V& v) {
    v("session_id", session_id, "The session.", len(1, 128));
    MessageBody::fields(v);
  }
};
struct AcceptedBody {
  std::string message_id, events_url;
  std::uint64_t seq = 0;
  template <class V>
  void fields(V& v) {
    v("message_id", message_id, "The question's id.");
    v("events_url", events_url, "Where its answer can be followed.");
    v("seq", seq, "Of the question in the log.");
  }
};
struct StoredMessageBody {
  std::string message_id, session_id, content;
  WallTime created_at{};
  std::optional<std::string> client_id;
  std::optional<wire::Answer> answer;
  template <class V>
  void fields(V& v) {
    v("message_id", message_id, "The question's id.");
    v("session_id", session_id, "Its session.");
    v("content", content, "The question.");
    v("created_at", created_at, "When it was asked.");
    v("client_id", client_id, "The client's own id.");
    v("answer", answer, "Absent while it runs.");
  }
};
struct CancelledBody {
  std::string message_id;
  template <class V>
  void fields(V& v) {
    v("message_id", message_id, "What was asked to end.");
  }
};
struct GapBody {
  std::uint64_t first_seq = 0;
  std::string epoch;
  template <class V>
  void fields(V& v) {
    v("first_seq", first_seq, "The oldest entry that is kept.");
    v("epoch", epoch, "The log's epoch.");
  }
};
struct EventsBody {
  std::string epoch;
  std::uint64_t last_seq = 0;
  std::optional<GapBody> gap;
  std::vector<wire::RawJson> events;
  template <class V>
  void fields(V& v) {
    v("epoch", epoch, "The log's epoch.");
    v("last_seq", last_seq, "The newest entry of the log.");
    v("gap", gap, "What was asked for is gone; `events` go on at first_seq.");
    v("events", events, "Entries, as every transport carries them.");
  }
};
struct TicketBody {
  std::string ticket;
  std::int64_t expires_in_s = 0;
  template <class V>
  void fields(V& v) {
    v("ticket", ticket, "Good for one connection.");
    v("expires_in_s", expires_in_s, "Its life.");
  }
};

}  // namespace loquat::api
