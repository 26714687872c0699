#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "loquat/contracts/conversations.hpp"

/// What is kept at rest, behind ports: SQLite now, PostgreSQL later. Every call is scoped by
/// tenant; each runs off the loop and posts back. Errors: io or unavailable when the store is away,
/// corrupt for a broken record.
namespace loquat::contracts {

struct StoredEntry {
  std::string session_id;
  std::uint64_t seq = 0;
  std::string type;
  std::shared_ptr<const std::string> bytes;
};
struct SessionRecord {
  SessionInfo info;
  std::string epoch;
  std::uint64_t last_seq = 0;
};
class SessionStore {
 public:
  virtual ~SessionStore() = default;
  [[nodiscard]] virtual Task<Result<void>> put_session(SessionRecord record) = 0;
  [[nodiscard]] virtual Task<Result<std::optional<SessionRecord>>> find_session(
      std::string tenant_id, std::string session_id) = 0;
  [[nodiscard]] virtual Task<Result<Page<SessionInfo>>> list_sessions(std::string tenant_id,
                                                                      std::string user_id,
                                                                      std::string cursor,
                                                                      std::size_t limit) = 0;
  /// Removes the session, its entries and its messages.
  [[nodiscard]] virtual Task<Result<void>> remove_session(std::string tenant_id,
                                                          std::string session_id) = 0;
  /// One transaction, no fsync. Entries of several sessions may come together; trims to
  /// `log_max_events`.
  [[nodiscard]] virtual Task<Result<void>> append_entries(std::vector<StoredEntry> entries) = 0;
  [[nodiscard]] virtual Task<Result<std::vector<StoredEntry>>> read_entries(std::string session_id,
                                                                            std::uint64_t after,
                                                                            std::size_t limit) = 0;
  /// One message with its answer as JSON (empty while it runs) and its metric query.
  struct MessageRecord {
    std::string tenant_id, user_id, session_id, message_id, content;
    std::optional<std::string> client_id, response_id;
    WallTime created_at{};
    std::string answer_json;  ///< empty while it runs
    std::string query_json;   ///< internal form of the metric query with its time phrase; empty if
                              ///< there is none
    std::string sql;
  };
  /// One that runs is written when it suits (a finished one of that id stays). `session`: what the
  /// message changed of its session, in the same transaction.
  [[nodiscard]] virtual Task<Result<void>> put_message(MessageRecord record,
                                                       std::optional<SessionRecord> session) = 0;
  [[nodiscard]] virtual Task<Result<Page<MessageRecord>>> list_messages(std::string tenant_id,
                                                                        std::string session_id,
                                                                        std::string cursor,
                                                                        std::size_t limit) = 0;
  /// By response id, any tenant: the caller decides what the asker may know.
  /// One question of a session, by either of its names.
  struct Question {
    std::optional<std::string> message_id, client_id;
  };
  [[nodiscard]] virtual Task<Result<std::optional<MessageRecord>>> find_message(
      std::string tenant_id, std::string session_id, Question question) = 0;
  [[nodiscard]] virtual Task<Result<std::optional<MessageRecord>>> find_response(
      std::string response_id) = 0;
};

struct FeedbackRow {
  wire::FeedbackEvent event;
  RecordPlace place;
};
struct FeedbackCounts {
  std::map<std::string, std::int64_t> by_type;
  double rating_sum = 0;
  std::int64_t rating_count = 0;
  std::vector<std::pair<std::string, std::int64_t>> by_day;  ///< date -> events
};
/// What one answer was, so that what is said of it can be counted by what it was about.
struct AnswerFacts {
  std::string tenant_id, response_id;
  std::string kind;    ///< of question: total, breakdown, trend, comparison, ranking, or the intent
  std::string status;  ///< of the answer
  double confidence = 0;
  std::vector<std::string> metrics, agents;
  WallTime at{};
};
/// One line of the quality view: answers of one metric, agent, kind of question or day.
struct QualityRow {
  std::string value;
  std::int64_t answers = 0, complete = 0;
  double confidence_sum = 0;
  std::map<std::string, std::int64_t> by_type;  ///< feedback that counts
  double rating_sum = 0;
  std::int64_t rating_count = 0;
};
class FeedbackStore {
 public:
  virtual ~FeedbackStore() = default;
  /// Stores the event and its signals in one transaction, once: false if the event was known
  /// already.
  [[nodiscard]] virtual Task<Result<bool>> put(FeedbackRow row,
                                               std::vector<wire::LearningSignal> signals) = 0;
  [[nodiscard]] virtual Task<Result<std::optional<wire::FeedbackEvent>>> find(
      std::string tenant_id, std::string event_id) = 0;
  struct Filter {
    std::string tenant_id;
    std::optional<std::string> session_id, response_id;
    std::optional<WallTime> since;
  };
  [[nodiscard]] virtual Task<Result<FeedbackCounts>> count(Filter filter) = 0;
  /// The event that took the place of `event_id` in the end; itself if none did.
  [[nodiscard]] virtual Task<Result<std::string>> latest(std::string tenant_id,
                                                         std::string event_id) = 0;
  /// What `user_id` said and did not take back, newest first.
  [[nodiscard]] virtual Task<Result<std::vector<wire::FeedbackEvent>>> said_by(
      Filter filter, std::string user_id, std::size_t limit) = 0;
  /// Kept once per response.
  [[nodiscard]] virtual Task<Result<void>> put_answer(AnswerFacts facts) = 0;
  enum class Facet { metric, agent, kind, day };
  /// Answers since `filter.since` and what was said of them, most answers first (days: in order).
  [[nodiscard]] virtual Task<Result<std::vector<QualityRow>>> quality(Filter filter, Facet by,
                                                                      std::size_t limit) = 0;
  /// Signals in order of time, then event_id, after the signal named (empty: from the start).
  [[nodiscard]] virtual Task<Result<std::vector<wire::LearningSignal>>> signals(
      Filter filter, std::string after_event_id, std::size_t limit) = 0;
};

/// Idempotency: scope (tenant, user, route, key), 24 h.
struct IdempotencyRecord {
  std::string scope;      ///< tenant, user, route and key joined by \x1f
  std::string body_hash;  ///< SHA-256 hex
  int status = 0;
  std::string response;  ///< the body that was answered
  WallTime expires_at{};
};
class IdempotencyStore {
 public:
  virtual ~IdempotencyStore() = default;
  [[nodiscard]] virtual Task<Result<std::optional<IdempotencyRecord>>> find(std::string scope) = 0;
  [[nodiscard]] virtual Task<Result<void>> put(IdempotencyRecord record) = 0;
};

class ProfileStore {
 public:
  virtual ~ProfileStore() = default;
  /// The profile as JSON; nothing if there is none.
  [[nodiscard]] virtual Task<Result<std::optional<std::string>>> load(std::string tenant_id,
                                                                      std::string user_id) = 0;
  [[nodiscard]] virtual Task<Result<void>> save(std::string tenant_id, std::string user_id,
                                                std::string json) = 0;
  [[nodiscard]] virtual Task<Result<void>> forget(std::string tenant_id, std::string user_id) = 0;
};

/// Last good artifacts, so that a restart without their source still answers.
struct StoredArtifacts {
  std::map<std::string, std::string> texts;  ///< artifact name -> text
  WallTime fetched_at{};
};
class ModelStore {
 public:
  virtual ~ModelStore() = default;
  [[nodiscard]] virtual Task<Result<void>> save(StoredArtifacts artifacts) = 0;
  [[nodiscard]] virtual Task<Result<std::optional<StoredArtifacts>>> load() = 0;
};

class InsightStore {
 public:
  virtual ~InsightStore() = default;
  [[nodiscard]] virtual Task<Result<void>> put(wire::InsightEvent event) = 0;
  [[nodiscard]] virtual Task<Result<Page<wire::InsightEvent>>> list(std::string tenant_id,
                                                                    std::string cursor,
                                                                    std::size_t limit) = 0;
};

/// Spans, decisions, thoughts and lineage behind answers, as the event JSON that left the house.
class TraceStore {
 public:
  virtual ~TraceStore() = default;
  struct Item {
    std::string tenant_id, user_id, trace_id, kind, key,
        json;  ///< key: query_id for lineage, else event_id
    WallTime at{};
  };
  /// Written when it suits, within a tenth of a second. What is put together with others of its
  /// trace is found by the trace only.
  [[nodiscard]] virtual Task<Result<void>> put(std::vector<Item> items) = 0;
  [[nodiscard]] virtual Task<Result<std::vector<Item>>> by_trace(std::string tenant_id,
                                                                 std::string trace_id) = 0;
  [[nodiscard]] virtual Task<Result<std::optional<Item>>> by_key(std::string tenant_id,
                                                                 std::string kind,
                                                                 std::string key) = 0;
};

/// What is kept of an API key; never the key itself.
struct ApiKeyRecord {
  std::string key_id, tenant_id, name, role, created_by;
  std::string prefix;  ///< the part that may be shown; finds the key
  std::string hash;    ///< SHA-256 of the whole key, hex
  WallTime created_at{};
  std::optional<WallTime> expires_at, last_used_at;
};
class ApiKeyStore {
 public:
  virtual ~ApiKeyStore() = default;
  [[nodiscard]] virtual Task<Result<std::vector<ApiKeyRecord>>> load() = 0;
  /// Inserts or replaces; survives a crash of the machine.
  [[nodiscard]] virtual Task<Result<void>> put(ApiKeyRecord record) = 0;
  [[nodiscard]] virtual Task<Result<void>> remove(std::string tenant_id, std::string key_id) = 0;
  /// Notes when keys were last used.
  [[nodiscard]] virtual Task<Result<void>> touch(
      std::vector<std::pair<std::string, WallTime>> uses) = 0;
};

/// The last link of each audit chain, so that a restart goes on with it.
class AuditChainStore {
 public:
  virtual ~AuditChainStore() = default;
  struct Link {
    std::string tenant_id, writer;
    std::int64_t seq = 0;
    std::string hash;
  };
  [[nodiscard]] virtual Task<Result<std::vector<Link>>> load(std::string writer) = 0;
  [[nodiscard]] virtual Task<Result<void>> save(std::vector<Link> links) = 0;
};

}  // namespace loquat::contracts

namespace loquat {
LOQUAT_ENUM(contracts::FeedbackStore::Facet, 4,
            {{{contracts::FeedbackStore::Facet::metric, "metric"},
              {contracts::FeedbackStore::Facet::agent, "agent"},
              {contracts::FeedbackStore::Facet::kind, "kind"},
              {contracts::FeedbackStore::Facet::day, "day"}}});
}  // namespace loquat
