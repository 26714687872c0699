#pragma once
#include <memory>
#include <vector>

#include "loquat/contracts/stores.hpp"
#include "loquat/degradation/health_board.hpp"
#include "session.hpp"

namespace loquat::conversation {

/// Brings entries of all sessions to the store in batches and shows them to readers afterwards.
/// While the store is away entries are shown without it: answers go on from memory, and with the
/// next entry of a session what was left out goes to the store too.
class LogWriter {
 public:
  LogWriter(runtime::Executor executor, contracts::SessionStore& store, runtime::TaskGroup& tasks);

  /// `entry` was appended to the session's log and is not visible yet.
  void add(std::shared_ptr<Session> session, const contracts::LogEntry& entry);
  /// What the store could not take and memory still holds goes there now.
  [[nodiscard]] runtime::Task<void> catch_up(std::shared_ptr<Session> session);
  /// Returns when everything added so far is visible.
  [[nodiscard]] runtime::Task<void> flush();
  [[nodiscard]] std::size_t pending() const noexcept { return pending_.size(); }

 private:
  struct Pending {
    std::shared_ptr<Session> session;
    contracts::StoredEntry entry;
  };
  runtime::Task<void> run();
  runtime::Task<void> write_batch(std::vector<Pending> batch);
  static void add_left_out(const Session& session, std::vector<contracts::StoredEntry>& entries);

  contracts::SessionStore& store_;
  runtime::TaskGroup& tasks_;
  std::vector<Pending> pending_;
  runtime::Notification flushed_;
  bool is_running_ = false;
  std::uint64_t added_ = 0;
  std::uint64_t shown_ = 0;
};

}  // namespace loquat::conversation
