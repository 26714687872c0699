#pragma once
#include <cstdint>
#include <deque>
#include <optional>

#include "loquat/base/clock.hpp"
#include "loquat/base/enum_names.hpp"
#include "loquat/degradation/config.hpp"

namespace loquat::degradation {

enum class BreakerState { closed, open, half_open };
/// How a call ended, as far as the breaker cares. `cancelled` says nothing about the peer.
enum class CallOutcome { ok, failed, cancelled };

/// Decides whether a call may go out. Pure. Closed: all pass; enough failures within the window
/// open it. Open: all are refused until the pause ends. Half-open: one probe passes under a lease;
/// its success closes, its failure opens again with a doubled pause, its cancellation or a lease
/// run out lets the next call probe.
class Breaker {
 public:
  explicit Breaker(BreakerConfig config);

  enum class Admission { pass, probe, refuse };
  [[nodiscard]] Admission ask(Time now);
  /// To be called once for each admitted call. `was_probe`: what `ask` said.
  void report(bool was_probe, CallOutcome outcome, Time now);
  [[nodiscard]] BreakerState state() const noexcept { return state_; }
  /// When the next probe may go; nothing while closed.
  [[nodiscard]] std::optional<Time> retry_at() const noexcept;

 private:
  void open(Time now);
  BreakerConfig config_;
  BreakerState state_ = BreakerState::closed;
  std::deque<Time> failures_;
  Clock::duration pause_;
  Time open_until_{};
  std::optional<Time> lease_until_;
};

}  // namespace loquat::degradation

namespace loquat {
LOQUAT_ENUM(degradation::BreakerState, 3,
            {{{degradation::BreakerState::closed, "closed"},
              {degradation::BreakerState::open, "open"},
              {degradation::BreakerState::half_open, "half_open"}}});
}  // namespace loquat
