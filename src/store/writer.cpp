#include "writer.hpp"

#include <pthread.h>

#include <algorithm>

#include "life.hpp"

namespace loquat::store {
namespace {
constexpr std::size_t kBatchMax = 512;  // bounds how long one fsync makes the first call wait
}

Writer::Writer(StoreConfig config, StorePorts ports, Writer* writer)
    : config_(std::move(config)),
      ports_(std::move(ports)),
      writer_(writer),
      thread_([this] { loop(); }) {
  if (writer_ == nullptr && is_shared()) reader_.reset(new Writer(config_, ports_, this));
}
Writer::~Writer() { stop(); }

void Writer::stop() {
  if (reader_) reader_->stop();
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  bell_->rung.notify_one();
  if (thread_.joinable()) thread_.join();
}

std::size_t Writer::depth() const {
  const std::lock_guard lock(mutex_);
  return queue_.size() + later_.size();
}

/// False: the thread knows already when to wake up. A job that stays was refused.
bool Writer::enqueue(std::unique_ptr<Job>& job) {
  const std::lock_guard lock(mutex_);
  const std::size_t waiting = queue_.size() + later_.size();
  const bool is_full = waiting >= static_cast<std::size_t>(config_.queue_max);
  if (is_stopping_ || is_full) return false;
  const bool may_wait = job->turn == Turn::soon;
  is_later_due_ = is_later_due_ || job->turn == Turn::after_all;
  if (may_wait && later_.empty()) later_until_ = Clock::now() + kSoon;
  if (may_wait && later_.size() + 1 >= kBatchMax) is_later_due_ = true;
  const bool is_first = waiting == 0;
  (may_wait ? later_ : queue_).push_back(std::move(job));
  return !may_wait || is_first || is_later_due_;
}

void Writer::submit(std::unique_ptr<Job> job) {
  const bool must_wake = enqueue(job);
  if (must_wake) return wake_after_this_turn();
  if (!job) return;
  job->undo(fail(Errc::unavailable, "The store takes no more calls now."));
  // Its caller is still about to wait: never from within.
  boost::asio::post(ports_.loop, [refused = std::move(job)] { refused->finish(); });
}

/// From the reader's thread.
void Writer::take_over(std::unique_ptr<Job> job) {
  if (enqueue(job)) return bell_->rung.notify_one();
  if (!job) return;
  job->undo(fail(Errc::unavailable, "The store takes no more calls now."));
  job->finish();  // goes to the loop by itself
}

/// What one turn of the loop asks for is one batch, and one call of the kernel.
void Writer::wake_after_this_turn() {
  if (std::exchange(bell_->is_due, true)) return;
  boost::asio::post(ports_.loop, [bell = bell_] {
    bell->is_due = false;
    bell->rung.notify_one();
  });
}

/// A database in memory belongs to its one connection.
bool Writer::is_shared() const { return config_.path != ":memory:" && !config_.path.empty(); }

void Writer::loop() {
  ::pthread_setname_np(::pthread_self(), writer_ == nullptr ? "store" : "store-read");
  if (writer_ == nullptr && is_shared()) {
    copier_ = std::make_unique<LogCopier>(config_.path);
    db_.watch_log([copier = copier_.get()](int frames) {
      return copier->committed(frames) == LogCopier::Step::copy_here;
    });
  }
  for (;;) {
    Batch batch = take();
    if (batch.empty()) break;
    if (writer_ != nullptr)
      read_all(batch);
    else
      commit(batch);
    finish_all(std::move(batch));
  }
  if (writer_ == nullptr && db_.is_open()) end_life(db_);  // a commit: the copier hears of it
  copier_.reset();
  db_.close();
}

/// Waits for what is to be committed together; nothing when there is no more to come.
Writer::Batch Writer::take() {
  std::unique_lock lock(mutex_);
  const auto has_work = [this] { return is_stopping_ || !queue_.empty() || is_later_due_; };
  while (!has_work()) {
    if (later_.empty())
      bell_->rung.wait(lock);
    else if (bell_->rung.wait_for(lock, later_until_ - Clock::now()) == std::cv_status::timeout)
      is_later_due_ = true;
  }
  Batch batch;
  const auto move_from = [&batch](Batch& from) {
    const std::size_t count = std::min(from.size(), kBatchMax - batch.size());
    const auto end = from.begin() + static_cast<std::ptrdiff_t>(count);
    std::move(from.begin(), end, std::back_inserter(batch));
    from.erase(from.begin(), end);
  };
  if (is_later_due_ || is_stopping_ || (!later_.empty() && Clock::now() >= later_until_))
    move_from(later_);
  if (later_.empty()) is_later_due_ = false;
  if (!is_later_due_) move_from(queue_);  // else some of them must wait for the rest
  return batch;
}

/// One visit to the loop brings all of them home.
void Writer::finish_all(Batch batch) {
  std::erase_if(batch, [](const auto& job) { return !job; });  // handed on
  if (batch.empty()) return;
  if (batch.size() == 1) return batch.front()->finish();
  boost::asio::post(ports_.loop, [batch = std::move(batch)] {
    for (const auto& job : batch) job->finish();
  });
}

void Writer::read_all(Batch& batch) {
  const std::uint64_t opened = writer_->opened_;
  if (opened != seen_opened_) db_.close();  // the writer works on another file now
  seen_opened_ = opened;
  const bool is_open = db_.is_open() || db_.open(config_.path, config_.bytes_max);
  for (auto& job : batch) {
    if (is_open) job->run(db_);
    if (is_open && !db_.failed()) continue;
    static_cast<void>(db_.take_error());
    writer_->take_over(std::move(job));
  }
}

void Writer::commit(Batch& batch) {
  const bool was_open = db_.is_open();
  if (!db_.is_open() && !db_.open(config_.path, config_.bytes_max)) {
    const Error error = db_.take_error().value_or(fail(Errc::unavailable, "The store is closed."));
    undo_all(batch, fail(Errc::unavailable, error.detail));
    return report(error);
  }
  if (!was_open) {
    ++opened_;
    begin_life(db_, ports_.boot_id);
  }
  const bool is_durable = std::ranges::any_of(
      batch, [](const auto& job) { return job->durability == Durability::machine; });
  // In WAL mode FULL syncs the log at each commit, NORMAL only at checkpoints.
  db_.sync_commits(is_durable);
  db_.query("BEGIN IMMEDIATE").run();
  bool is_done = run_together(batch);
  if (!is_done && !db_.failed()) {
    db_.query("BEGIN IMMEDIATE").run();
    is_done = run_apart(batch);
  }
  if (is_done) {
    retain(batch.back()->asked_at);
    db_.query("COMMIT").run();
  }
  const auto error = db_.take_error();
  if (error) {
    db_.execute("ROLLBACK");
    static_cast<void>(db_.take_error());  // no transaction is open any more: that is all we want
    undo_all(batch, *error);
    // A file that was replaced or cut off is only noticed by a new connection.
    if (error->code != Errc::internal) db_.close();
  }
  report(error);
}

/// Calls hardly ever fail, and a savepoint for each costs more than most of them. False: either the
/// disk failed, or one call did, then the transaction is undone and each is to be run apart.
bool Writer::run_together(Batch& batch) {
  if (db_.failed()) return false;
  for (auto& job : batch) {
    job->run(db_);
    if (!db_.failed()) continue;
    auto error = db_.take_error();
    if (error->code == Errc::unavailable) {
      db_.fail_with(std::move(*error));
      return false;
    }
    db_.execute("ROLLBACK");
    static_cast<void>(db_.take_error());  // none is open any more
    return false;
  }
  return !db_.failed();
}

/// False if the whole transaction must be undone: the disk failed, not one call.
bool Writer::run_apart(Batch& batch) {
  for (auto& job : batch) {
    db_.query("SAVEPOINT call").run();
    if (db_.failed()) return false;
    job->run(db_);
    if (auto error = db_.take_error()) {
      if (error->code == Errc::unavailable) {
        db_.fail_with(std::move(*error));
        return false;
      }
      job->undo(std::move(*error));
      db_.execute("ROLLBACK TO call");
    }
    db_.query("RELEASE call").run();
  }
  return !db_.failed();
}

void Writer::undo_all(Batch& batch, const Error& error) {
  for (auto& job : batch) job->undo(error);
}

void Writer::retain(WallTime now) {
  constexpr auto kPause = std::chrono::minutes(10);
  if (now - retained_at_ < kPause) return;
  retained_at_ = now;
  db_.query("DELETE FROM idempotency WHERE expires_at <= ?").bind(now).run();
  db_.query("DELETE FROM traces WHERE at < ?").bind(now - config_.trace_ttl).run();
  constexpr auto kQualityKept = std::chrono::hours(24 * 400);  // a year, and a month to compare
  db_.query("DELETE FROM answers WHERE at < ?").bind(now - kQualityKept).run();
  // When it was last active is known here once its last question is answered.
  const WallTime oldest = now - config_.session_ttl - kPause;
  db_.query(
         "DELETE FROM entry_runs WHERE session_id IN "
         "(SELECT session_id FROM sessions WHERE last_active_at < ?)")
      .bind(oldest)
      .run();
  db_.query(
         "DELETE FROM messages WHERE session_id IN "
         "(SELECT session_id FROM sessions WHERE last_active_at < ?)")
      .bind(oldest)
      .run();
  db_.query("DELETE FROM sessions WHERE last_active_at < ?").bind(oldest).run();
}

void Writer::report(const std::optional<Error>& error) {
  const bool is_up = !error;
  if (was_up_ == is_up) return;
  was_up_ = is_up;
  if (!ports_.on_state) return;
  boost::asio::post(ports_.loop, [listener = ports_.on_state, is_up,
                                  detail = error ? error->detail : std::string()]() mutable {
    listener(is_up, std::move(detail));
  });
}

}  // namespace loquat::store
