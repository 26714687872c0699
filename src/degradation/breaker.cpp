#include "loquat/degradation/breaker.hpp"

#include <algorithm>

namespace loquat::degradation {

Breaker::Breaker(BreakerConfig config) : config_(config), pause_(config.pause) {}

Breaker::Admission Breaker::ask(Time now) {
  if (state_ == BreakerState::closed) return Admission::pass;
  if (state_ == BreakerState::open && now < open_until_) return Admission::refuse;
  // A probe that never reported must not keep the breaker half-open for ever.
  if (state_ == BreakerState::half_open && lease_until_ && now < *lease_until_)
    return Admission::refuse;
  state_ = BreakerState::half_open;
  lease_until_ = now + config_.probe_lease;
  return Admission::probe;
}

void Breaker::open(Time now) {
  state_ = BreakerState::open;
  open_until_ = now + pause_;
  pause_ = std::min<Clock::duration>(pause_ * 2, config_.pause_max);
  lease_until_.reset();
  failures_.clear();
}

void Breaker::report(bool was_probe, CallOutcome outcome, Time now) {
  if (was_probe && state_ == BreakerState::half_open) {
    if (outcome == CallOutcome::failed) return open(now);
    lease_until_.reset();
    if (outcome == CallOutcome::cancelled) return;
  }
  switch (outcome) {
    case CallOutcome::cancelled:
      return;
    case CallOutcome::ok:
      // Late news of a call from before the breaker opened proves nothing about now.
      if (state_ == BreakerState::open || (state_ == BreakerState::half_open && !was_probe)) return;
      state_ = BreakerState::closed;
      pause_ = config_.pause;
      if (was_probe) failures_.clear();
      return;
    case CallOutcome::failed:
      if (state_ != BreakerState::closed) return;
      failures_.push_back(now);
      while (!failures_.empty() && now - failures_.front() > config_.window) failures_.pop_front();
      if (failures_.size() >= config_.failures_to_open) open(now);
  }
}

std::optional<Time> Breaker::retry_at() const noexcept {
  if (state_ == BreakerState::open) return open_until_;
  if (state_ == BreakerState::half_open) return lease_until_;
  return std::nullopt;
}

}  // namespace loquat::degradation
