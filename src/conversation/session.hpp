#pragma once
#include <boost/asio/cancellation_signal.hpp>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "log_buffer.hpp"
#include "loquat/agents/query_shape.hpp"
#include "loquat/contracts/conversations.hpp"
#include "loquat/contracts/stores.hpp"
#include "loquat/runtime/runtime.hpp"
#include "turn_queue.hpp"

namespace loquat::conversation {

/// A question that was accepted and its answer once there is one.
struct Turn {
  contracts::TurnRequest request;
  std::string message_id;
  std::string text_hash;       ///< for client_id: the same id with another text is a conflict
  std::uint64_t asked_at = 1;  ///< seq of its `message` entry, or one before it
  WallTime accepted_at{};
  Time accepted{};
  std::shared_ptr<const wire::Answer> answer;
  std::size_t answer_bytes = 0;  ///< about, once it is known
  /// Cancels what the running turn waits for, not the turn itself: it still says goodbye.
  boost::asio::cancellation_signal stop_waiting;
  std::optional<Error> stopped;
};

/// Questions of a session that memory knows by their names.
inline constexpr std::size_t kTurnsKept = 200;

/// Of a stored record; null if there is none, or it cannot be read.
[[nodiscard]] std::shared_ptr<const wire::Answer> decode_answer(const std::string& json);

/// Why a session is closed to a role.
[[nodiscard]] Error shows_personal_data();

/// One session in memory. Loop thread only.
struct Session {
  Session(runtime::Executor executor, contracts::SessionInfo i, LogBuffer buffer,
          std::size_t waiting_max)
      : info(std::move(i)),
        log(std::move(buffer)),
        queue(waiting_max),
        changed(executor),
        answered(executor) {}

  /// Tells all readers that the log has moved or was closed.
  void announce() {
    changed.notify_all();
    for (auto* listener : listeners) listener->on_news();
  }

  contracts::SessionInfo info;
  LogBuffer log;
  TurnQueue queue;
  std::map<std::string, std::shared_ptr<Turn>>
      turns;  ///< by message id; bounded, oldest finished go
  std::deque<std::string> turn_order;
  bool has_older_turns = false;                     ///< in the store, that memory has let go
  std::map<std::string, std::string> by_client_id;  ///< client_id -> message id
  std::optional<agents::LastQuery> last_query;
  runtime::Notification changed;   ///< something became visible, or the log was closed
  runtime::Notification answered;  ///< a turn finished
  std::vector<contracts::LogListener*> listeners;  ///< hear what `changed` says
  bool is_closed = false;
  bool is_removed = false;  ///< by its user: nothing more of it is kept
  /// Values of personal columns stand in the log: shown by right of a role that the reader of
  /// another day may no longer have. Unknown until somebody without the right asks.
  std::optional<bool> shows_personal_data;
  bool is_store_behind = false;     ///< the store lacks something of it, or did
  bool is_record_kept = true;       ///< false: the store does not know the session itself
  std::uint64_t unstored_from = 0;  ///< first entry that the store could not take; 0: none
  /// Records of questions that the store could not take, to be tried again; bounded.
  std::deque<contracts::SessionStore::MessageRecord> unkept;
  /// Entries that are kept nowhere, first to last, as readers have come to them; bounded.
  std::map<std::uint64_t, std::uint64_t> holes;
};

}  // namespace loquat::conversation
