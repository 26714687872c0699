#include "loquat/base/clock.hpp"

#include <atomic>

#include "loquat/base/check.hpp"

namespace loquat {
namespace {
constexpr Clock::rep kNotManual = -1;
std::atomic<Clock::rep> manual_now{kNotManual};
constexpr Clock::rep kManualStart = 1'000'000'000;
}  // namespace

Clock::time_point Clock::now() noexcept {
  const auto manual = manual_now.load(std::memory_order_relaxed);
  if (manual != kNotManual) return time_point(duration(manual));
  return time_point(
      std::chrono::duration_cast<duration>(std::chrono::steady_clock::now().time_since_epoch()));
}

bool Clock::is_manual() noexcept {
  return manual_now.load(std::memory_order_relaxed) != kNotManual;
}

WallTime SystemWallClock::now() const {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

ManualClock::ManualClock(WallTime wall) : start_(wall) {
  LOQUAT_CHECK(!Clock::is_manual());
  manual_now = kManualStart;
}
ManualClock::~ManualClock() { manual_now = kNotManual; }
void ManualClock::advance(Clock::duration by) {
  LOQUAT_CHECK(by >= Clock::duration::zero());
  manual_now += by.count();
}
WallTime ManualClock::now() const {
  const Clock::duration passed(manual_now.load() - kManualStart);
  return start_ + std::chrono::floor<std::chrono::milliseconds>(passed);
}

}  // namespace loquat
