#include "schedule.hpp"

namespace loquat::websocket {
namespace {
constexpr int kWakesAtOnce = 64;  // then others get their turn
}

void Schedule::wake(Sleeper& sleeper, Time at) {
  forget(sleeper);
  sleeper.wake_at_ = at;
  if (at == runtime::kNever) return;
  const auto placed = sleepers_.emplace(at, &sleeper).first;
  if (!is_running_) {
    is_running_ = true;
    group_.spawn("websocket.schedule", run());
  } else if (placed == sleepers_.begin()) {
    changed_.notify_all();
  }
}

void Schedule::forget(Sleeper& sleeper) noexcept {
  if (sleeper.wake_at_ == runtime::kNever) return;
  sleepers_.erase({sleeper.wake_at_, &sleeper});
  sleeper.wake_at_ = runtime::kNever;
  if (sleepers_.empty()) changed_.notify_all();
}

runtime::Task<void> Schedule::run() {
  for (int woken = 0; !sleepers_.empty();) {
    const auto now = Clock::now();
    const auto [at, sleeper] = *sleepers_.begin();
    if (at > now) {
      const bool has_changed = co_await changed_.wait_until(at);
      static_cast<void>(has_changed);
      continue;
    }
    forget(*sleeper);
    sleeper->on_time(now);
    if (++woken % kWakesAtOnce == 0) co_await runtime::yield_to_others();
  }
  is_running_ = false;
}

}  // namespace loquat::websocket
