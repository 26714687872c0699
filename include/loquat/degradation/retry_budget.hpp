#pragma once
#include <cstdint>
#include <optional>

#include "loquat/base/clock.hpp"
#include "loquat/base/sources.hpp"
#include "loquat/degradation/config.hpp"

namespace loquat::degradation {

/// Whether a failed call may be tried again, and when. Pure but for the injected randomness.
/// Backoff: full jitter over a doubling cap (Brooker, "Exponential Backoff And Jitter", 2015).
/// Retries over time stay under `budget_ratio` of first attempts, so that they cannot double the
/// load on a peer in trouble.
class RetryBudget {
 public:
  RetryBudget(RetryConfig config, RandomSource& random);
  /// A first attempt goes out: earns a share of a retry.
  void note_first_attempt();
  /// `attempts`: how many there were. The pause before the next; nothing: give up.
  [[nodiscard]] std::optional<Clock::duration> next_pause(std::uint32_t attempts);

 private:
  RetryConfig config_;
  RandomSource& random_;
  double tokens_;
};

}  // namespace loquat::degradation
