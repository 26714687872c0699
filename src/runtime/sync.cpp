#include "loquat/runtime/sync.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

namespace loquat::runtime {

namespace asio = boost::asio;

namespace {
[[noreturn]] void throw_cancelled() {
  throw boost::system::system_error(asio::error::operation_aborted);
}
}  // namespace

// ---- Notification

struct Notification::Waiter {
  Timer timer;
  bool is_notified = false;
};
struct Notification::Enlisted {
  Enlisted(std::shared_ptr<std::list<Waiter*>> line, Waiter& one)
      : waiters(std::move(line)), waiter(one) {
    waiters->push_back(&waiter);
  }
  Enlisted(const Enlisted&) = delete;
  Enlisted& operator=(const Enlisted&) = delete;
  ~Enlisted() { waiters->remove(&waiter); }
  std::shared_ptr<std::list<Waiter*>> waiters;
  Waiter& waiter;
};

void Notification::notify_all() noexcept {
  for (Waiter* waiter : *waiters_) {
    waiter->is_notified = true;
    waiter->timer.cancel();  // posts the resumption
  }
  waiters_->clear();
}

Task<void> Notification::wait() { co_await wait_until(kNever); }

Task<bool> Notification::wait_until(Time at) {
  Waiter waiter{Timer(executor_, at)};
  const Enlisted enlisted(waiters_, waiter);
  const auto [error] = co_await waiter.timer.async_wait(asio::as_tuple(asio::use_awaitable));
  if (waiter.is_notified) co_return true;
  if (error) throw_cancelled();
  co_return false;
}

// ---- Semaphore

struct Semaphore::State {
  struct Waiter {
    Timer timer;
    bool is_granted = false;
  };
  Executor executor;
  std::size_t available;
  std::size_t waiting_max;
  std::list<Waiter*> waiters;

  void release() noexcept {
    if (waiters.empty()) {
      ++available;
      return;
    }
    // The slot goes straight to the first in line, so that nobody overtakes.
    Waiter* next = waiters.front();
    waiters.pop_front();
    next->is_granted = true;
    next->timer.cancel();
  }
};
Semaphore::Semaphore(Executor executor, std::size_t slots, std::size_t waiting_max)
    : state_(std::make_shared<State>(State{std::move(executor), slots, waiting_max, {}})) {}
Semaphore::~Semaphore() = default;
Semaphore::Permit::~Permit() {
  if (owner_) owner_->release();
}

std::optional<Semaphore::Permit> Semaphore::try_acquire() noexcept {
  if (state_->available == 0 || !state_->waiters.empty()) return std::nullopt;
  --state_->available;
  return Permit(state_);
}
std::size_t Semaphore::available() const noexcept { return state_->available; }
std::size_t Semaphore::waiting() const noexcept { return state_->waiters.size(); }

Task<Result<Semaphore::Permit>> Semaphore::acquire(Time deadline) {
  const auto state = state_;
  if (auto at_once = try_acquire()) co_return std::move(*at_once);
  if (state->waiters.size() >= state->waiting_max)
    co_return fail(Errc::overloaded, "Too many wait for a slot.");
  State::Waiter waiter{Timer(state->executor, deadline)};
  state->waiters.push_back(&waiter);
  struct Unlink {
    State& state;
    State::Waiter& waiter;
    bool is_taken = false;
    ~Unlink() {
      state.waiters.remove(&waiter);
      // Torn down between grant and resumption: the slot must not be lost.
      if (waiter.is_granted && !is_taken) state.release();
    }
  } unlink{*state, waiter};
  const auto [error] = co_await waiter.timer.async_wait(asio::as_tuple(asio::use_awaitable));
  if (waiter.is_granted) {
    unlink.is_taken = true;
    co_return Permit(state);
  }
  if (error) throw_cancelled();
  co_return fail(Errc::timed_out, "No slot became free in time.");
}

// ---- Gate

Gate::Pass::~Pass() {
  if (!gate_) return;
  if (--gate_->inside == 0) gate_->left.notify_all();
}
std::optional<Gate::Pass> Gate::enter() noexcept {
  if (!state_->is_open) return std::nullopt;
  ++state_->inside;
  return Pass(state_);
}
Task<bool> Gate::close(Time deadline) {
  const auto state = state_;
  state->is_open = false;
  while (state->inside > 0) {
    const bool somebody_left = co_await state->left.wait_until(deadline);
    if (!somebody_left) co_return state->inside == 0;
  }
  co_return true;
}

}  // namespace loquat::runtime
