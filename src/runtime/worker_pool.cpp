#include "loquat/runtime/worker_pool.hpp"

#include <pthread.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "events.hpp"
#include "loquat/runtime/sync.hpp"

namespace loquat::runtime {

namespace asio = boost::asio;

namespace {
struct Job {
  Job(const Executor& loop, std::function<void()> work)
      : body(std::move(work)), timer(loop, kNever), queued_at(Clock::now()) {}
  std::function<void()> body;
  std::exception_ptr error;  // written by the worker before it posts
  // The loop's own:
  Timer timer;  // cancelled when the job is over: that wakes who waits for it
  bool is_over = false;
  bool is_dropped = false;
  Time queued_at;
};
double seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }
}  // namespace

struct WorkerPool::State : std::enable_shared_from_this<WorkerPool::State> {
  State(Executor executor, Options given, observability::Telemetry& reporter)
      : loop(executor), options(given), telemetry(reporter), idle(std::move(executor)) {
    const observability::Labels pool{observability::fixed_label("pool", options.name)};
    auto& metrics = telemetry.metrics();
    waited = metrics.histogram("loquat_runtime_job_wait_seconds", "Time in the queue.", pool);
    ran = metrics.histogram("loquat_runtime_job_run_seconds", "Time on a worker.", pool);
  }

  [[nodiscard]] Result<void> submit(std::shared_ptr<Job> job) {
    {
      const std::lock_guard lock(mutex);
      if (is_stopping) return fail(Errc::cancelled, "The worker pool stops.");
      if (queue.size() < options.queue_max) {
        queue.push_back(std::move(job));
        ++unfinished;
      }
    }
    if (job) {  // not taken
      telemetry.emit(JobRefused{options.name});
      return fail(Errc::overloaded, "Too much work waits for a worker.");
    }
    ready.notify_one();
    return boost::system::in_place_value;
  }
  /// True if the job had not begun; it never will.
  [[nodiscard]] bool take_back(const std::shared_ptr<Job>& job) {
    const std::lock_guard lock(mutex);
    const auto at = std::ranges::find(queue, job);
    if (at == queue.end()) return false;
    queue.erase(at);
    --unfinished;
    return true;
  }
  void work() {
    ::pthread_setname_np(::pthread_self(), std::string(options.name).substr(0, 15).c_str());
    while (auto job = next()) {
      const Time began = Clock::now();
      waited.observe(seconds(began - job->queued_at));
      try {
        job->body();
      } catch (...) {
        job->error = std::current_exception();
      }
      ran.observe(seconds(Clock::now() - began));
      // The reference moves along: a job's timer may die on the loop's thread only.
      asio::post(loop, [self = shared_from_this(), job = std::move(job)] { self->finish(*job); });
    }
  }
  [[nodiscard]] std::shared_ptr<Job> next() {
    std::unique_lock lock(mutex);
    ready.wait(lock, [this] { return is_stopping || !queue.empty(); });
    if (queue.empty()) return nullptr;
    auto job = std::move(queue.front());
    queue.pop_front();
    return job;
  }
  void finish(Job& job) {
    job.is_over = true;
    job.timer.cancel();
    --unfinished;
    if (unfinished == 0) idle.notify_all();
  }
  void drop_queued() {
    std::deque<std::shared_ptr<Job>> dropped;
    {
      const std::lock_guard lock(mutex);
      is_stopping = true;
      dropped.swap(queue);
    }
    ready.notify_all();
    for (const auto& job : dropped) {
      job->is_dropped = true;
      finish(*job);
    }
  }
  void join() {
    for (auto& thread : threads)
      if (thread.joinable()) thread.join();
    threads.clear();
  }

  Executor loop;
  Options options;
  observability::Telemetry& telemetry;
  observability::Histogram waited, ran;
  mutable std::mutex mutex;  // guards queue and is_stopping
  std::condition_variable ready;
  std::deque<std::shared_ptr<Job>> queue;
  bool is_stopping = false;
  std::vector<std::thread> threads;
  // The loop's own:
  std::size_t unfinished = 0;
  Notification idle;
};

WorkerPool::WorkerPool(Executor loop, Options options, observability::Telemetry& telemetry)
    : state_(std::make_shared<State>(std::move(loop), options, telemetry)) {
  for (std::size_t i = 0; i < std::max<std::size_t>(options.threads, 1); ++i)
    state_->threads.emplace_back([state = state_.get()] { state->work(); });
}
WorkerPool::~WorkerPool() {
  state_->drop_queued();
  state_->join();
}
std::size_t WorkerPool::queued() const {
  const std::lock_guard lock(state_->mutex);
  return state_->queue.size();
}

Task<void> WorkerPool::stop() {
  const auto state = state_;
  state->drop_queued();
  while (state->unfinished > 0) co_await state->idle.wait();
  state->join();  // nothing runs any more: they end at once
}

Task<Result<void>> WorkerPool::perform(std::function<void()> body,
                                       std::function<void()> on_cancel) {
  const auto state = state_;
  const auto job = std::make_shared<Job>(state->loop, std::move(body));
  auto submitted = state->submit(job);
  if (!submitted) co_return submitted.error();
  bool is_cancelled = false;
  while (!job->is_over) {
    co_await job->timer.async_wait(asio::as_tuple(asio::use_awaitable));
    if (job->is_over || is_cancelled) continue;
    // Only a cancellation wakes before the end. The work may refer to what its caller owns, so its
    // end is awaited even then.
    is_cancelled = true;
    if (state->take_back(job)) throw boost::system::system_error(asio::error::operation_aborted);
    if (on_cancel) on_cancel();
    co_await asio::this_coro::throw_if_cancelled(false);
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  }
  if (is_cancelled) {
    co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
    co_await asio::this_coro::throw_if_cancelled(true);
    throw boost::system::system_error(asio::error::operation_aborted);
  }
  if (job->error) std::rethrow_exception(job->error);
  if (job->is_dropped) co_return fail(Errc::cancelled, "The worker pool stops.");
  co_return Result<void>(boost::system::in_place_value);
}

}  // namespace loquat::runtime
