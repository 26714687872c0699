#include "log_writer.hpp"

#include <algorithm>
#include <set>

namespace loquat::conversation {
namespace {
constexpr std::size_t kBatchMax = 512;
/// More than memory holds of a session.
constexpr std::size_t kLeftOutMax = 100'000;
constexpr std::size_t kLeftOutBytesMax = 256U << 20U;
}  // namespace

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
  std::set<const Session*> seen;
  for (const auto& pending : batch) {
    if (seen.insert(pending.session.get()).second) add_left_out(*pending.session, entries);
    entries.push_back(pending.entry);
  }
  bool is_stored = false;
  try {
    const Result<void> stored = co_await store_.append_entries(std::move(entries));
    is_stored = stored.has_value();
  } catch (const boost::system::system_error&) {
    // Cancelled while we stop: the entries are shown all the same.
  }
  for (const auto& pending : batch) {
    Session& session = *pending.session;
    if (!is_stored) session.is_store_behind = true;
    if (is_stored)
      session.unstored_from = 0;
    else if (session.unstored_from == 0)
      session.unstored_from = pending.entry.seq;
    session.log.release(pending.entry.seq);
  }
  shown_ += batch.size();
  for (const auto& pending : batch) pending.session->announce();
  flushed_.notify_all();
}

/// Of what the store could not take, what memory still holds.
void LogWriter::add_left_out(const Session& session, std::vector<contracts::StoredEntry>& entries) {
  if (session.unstored_from == 0) return;
  const std::uint64_t from = std::max(session.unstored_from, session.log.first_in_memory());
  for (auto& entry : session.log.read(from - 1, kLeftOutMax, kLeftOutBytesMax))
    entries.push_back({session.info.session_id, entry.seq, entry.type, entry.bytes});
}

runtime::Task<void> LogWriter::catch_up(std::shared_ptr<Session> session) {
  if (is_running_) co_return;  // a batch may write the same entries: they would stand there twice
  std::vector<contracts::StoredEntry> entries;
  add_left_out(*session, entries);
  if (entries.empty()) co_return;
  is_running_ = true;
  try {
    const Result<void> stored = co_await store_.append_entries(std::move(entries));
    if (stored) session->unstored_from = 0;
  } catch (const boost::system::system_error&) {
    // Cancelled while we stop.
  }
  is_running_ = !pending_.empty();
  if (is_running_) tasks_.spawn("write log", run());  // what came meanwhile
}

runtime::Task<void> LogWriter::flush() {
  const std::uint64_t target = added_;
  while (shown_ < target) co_await flushed_.wait();
}

}  // namespace loquat::conversation
