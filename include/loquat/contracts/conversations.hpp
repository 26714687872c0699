#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "loquat/contracts/ports.hpp"

/// The door of conversation for its readers: api, websocket.
namespace loquat::contracts {

/// One entry, serialized once; every transport carries these bytes.
struct LogEntry {
  std::uint64_t seq = 0;
  std::string type;
  std::shared_ptr<const std::string> bytes;  ///< one line of JSON, no line feed
};

/// Hears that a log has moved, without a coroutine that waits for it: thousands of idle readers
/// share one.
class LogListener {
 public:
  virtual ~LogListener() = default;
  /// Something became visible, or the log was closed. Called on the loop; only takes note.
  virtual void on_news() noexcept = 0;
};

/// One session's append-only log as its readers see it. Loop thread only; stays valid while held,
/// also after the session has ended (then `is_closed`).
class SessionLog {
 public:
  virtual ~SessionLog() = default;
  [[nodiscard]] virtual std::string_view epoch() const noexcept = 0;
  [[nodiscard]] virtual std::uint64_t first_seq()
      const noexcept = 0;  ///< oldest kept; last_seq + 1 if empty
  [[nodiscard]] virtual std::uint64_t last_seq() const noexcept = 0;  ///< 0 before the first entry
  [[nodiscard]] virtual bool is_closed() const noexcept = 0;
  /// False while something that was shown is in memory only, because the store was away.
  [[nodiscard]] virtual bool is_stored() const noexcept = 0;
  /// Where a reader goes on whose next entry is lost: the first seq past `after` that is kept, or
  /// will be. last_seq + 1 if there is none.
  [[nodiscard]] virtual std::uint64_t next_kept(std::uint64_t after) const noexcept = 0;
  /// Errors: forbidden once the log holds what this reader's role may not see.
  [[nodiscard]] virtual Result<void> may_read() const = 0;
  /// Entries with seq > `after`, at most `limit` and about `bytes_max`, in order. From memory, else
  /// from the store. Errors: invalid_request if `after` is past the last seq; not_found if the
  /// entry after it is not kept (the reader is owed a gap, and goes on at `next_kept`); forbidden
  /// as `may_read`.
  [[nodiscard]] virtual Task<Result<std::vector<LogEntry>>> read(std::uint64_t after,
                                                                 std::size_t limit,
                                                                 std::size_t bytes_max) = 0;
  /// Returns when last_seq() > after or the log is closed; at once if that holds already.
  /// Cancellable.
  [[nodiscard]] virtual Task<void> wait(std::uint64_t after) = 0;
  /// `listener` hears of every move until it stops listening, which it does before it dies.
  virtual void listen(LogListener& listener) = 0;
  virtual void unlisten(LogListener& listener) noexcept = 0;
};

struct SessionInfo {
  std::string session_id, tenant_id, user_id, title;
  WallTime created_at{}, last_active_at{};
  std::int64_t message_count = 0;
};
struct StoredMessage {
  std::string message_id, session_id, content;
  WallTime created_at{};
  std::optional<std::string> client_id;
  std::shared_ptr<const wire::Answer> answer;  ///< nullptr while it runs
};
template <class T>
struct Page {
  std::vector<T> items;
  std::string next_cursor;  ///< empty on the last page
};
struct Accepted {
  std::string message_id;
  std::uint64_t seq = 0;   ///< of its `message` entry
  bool is_repeat = false;  ///< the same client_id was known: no new turn
};

/// All methods answer not_found for what belongs to another tenant or user.
class Conversations {
 public:
  virtual ~Conversations() = default;
  [[nodiscard]] virtual Task<Result<SessionInfo>> create(Principal principal,
                                                         std::string title) = 0;
  [[nodiscard]] virtual Task<Result<Page<SessionInfo>>> list(Principal principal,
                                                             std::string cursor,
                                                             std::size_t limit) = 0;
  [[nodiscard]] virtual Task<Result<SessionInfo>> get(Principal principal,
                                                      std::string session_id) = 0;
  [[nodiscard]] virtual Task<Result<void>> end(Principal principal, std::string session_id) = 0;
  [[nodiscard]] virtual Task<Result<Page<StoredMessage>>> messages(Principal principal,
                                                                   std::string session_id,
                                                                   std::string cursor,
                                                                   std::size_t limit) = 0;
  /// Appends the question to the log and queues its turn. Errors: overloaded past four waiting
  /// turns, conflict if a known client_id comes with another text.
  [[nodiscard]] virtual Task<Result<Accepted>> submit(TurnRequest request) = 0;
  /// The finished answer of one message; waits for it. Cancelling this cancels no turn.
  [[nodiscard]] virtual Task<Result<std::shared_ptr<const wire::Answer>>> answer(
      Principal principal, std::string session_id, std::string message_id) = 0;
  /// Cancels the running or a waiting turn; absent id: the running one. A finished one: no-op.
  [[nodiscard]] virtual Task<Result<void>> cancel(Principal principal, std::string session_id,
                                                  std::optional<std::string> message_id) = 0;
  [[nodiscard]] virtual Task<Result<std::shared_ptr<SessionLog>>> open_log(
      Principal principal, std::string session_id) = 0;
};

}  // namespace loquat::contracts
