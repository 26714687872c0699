#include "log_writer.hpp"

namespace loquat::conversation {
namespace {
constexpr std::size_t kBatchMax = 512;
}

LogWriter::LogWriter(runtime::Executor executor, contracts::SessionStore& store,
                     runtime::TaskGroup& tasks)
    : store_(store), tasks_(tasks), flushed_(std::move(executor)) {}

void LogWriter::add(std::shared_ptr<Session> session, const contracts::LogEntry& entry) {
  contracts::StoredEntry stored{session->info.session_id, entry.seq, entry.type, entry.bytes};
  pending_.push_back({std::move(session), std::move(stored)});
  ++added_;
  if (is_running_) return;
  is_running_ = true;
  tasks_.spawn("write log", run());
}

runtime::Task<void> LogWriter::run() {
  // Entries that come while a batch is under way make the next batch: that is the batching.
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  while (!pending_.empty()) {
    std::vector<Pending> batch;
    if (pending_.size() <= kBatchMax) {
      batch.swap(pending_);
    } else {
      const auto end = pending_.begin() + static_cast<std::ptrdiff_t>(kBatchMax);
      batch.assign(std::make_move_iterator(pending_.begin()), std::make_move_iterator(end));
      pending_.erase(pending_.begin(), end);
    }
    co_await write_batch(std::move(batch));
  }
  is_running_ = false;
}

runtime::Task<void> LogWriter::write_batch(std::vector<Pending> batch) {
  std::vector<contracts::StoredEntry> entries;
  entries.reserve(batch.size());
  for (const auto& pending : batch) entries.push_back(pending.entry);
  bool is_stored = false;
  try {
    const Result<void> stored = co_await store_.append_entries(std::move(entries));
    is_stored = stored.has_value();
  } catch (const boost::system::system_error&) {
    // Cancelled while we stop: the entries are shown all the same.
  }
  for (const auto& pending : batch) {
    if (!is_stored) pending.session->is_store_behind = true;
    pending.session->log.release(pending.entry.seq);
  }
  shown_ += batch.size();
  for (const auto& pending : batch) pending.session->announce();
  flushed_.notify_all();
}

runtime::Task<void> LogWriter::flush() {
  const std::uint64_t target = added_;
  while (shown_ < target) co_await flushed_.wait();
}

}  // namespace loquat::conversation
