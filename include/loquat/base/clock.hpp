#pragma once
#include <chrono>

namespace loquat {

/// The only steady clock. `ManualClock` (tests) takes it over; nothing else reads time for itself.
struct Clock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<Clock>;
  static constexpr bool is_steady = true;
  [[nodiscard]] static time_point now() noexcept;
  /// True while a ManualClock rules; timers then poll instead of sleeping.
  [[nodiscard]] static bool is_manual() noexcept;
};
using Time = Clock::time_point;

/// Wall time in UTC, milliseconds.
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

/// Where wall time comes from; injected.
class WallClock {
 public:
  virtual ~WallClock() = default;
  [[nodiscard]] virtual WallTime now() const = 0;
};
class SystemWallClock final : public WallClock {
 public:
  [[nodiscard]] WallTime now() const override;
};

/// Tests only: stops Clock at a chosen time while alive, and serves as the wall clock too.
/// One at a time; not thread safe.
class ManualClock final : public WallClock {
 public:
  explicit ManualClock(WallTime wall = WallTime{std::chrono::hours{24 * 365 * 55}});
  ~ManualClock() override;
  ManualClock(const ManualClock&) = delete;
  ManualClock& operator=(const ManualClock&) = delete;
  void advance(Clock::duration by);
  [[nodiscard]] WallTime now() const override;

 private:
  WallTime start_;
};

}  // namespace loquat
