#include "loquat/degradation/retry_budget.hpp"

#include <algorithm>

namespace loquat::degradation {
namespace {
constexpr double kTokensMax = 10;
}

RetryBudget::RetryBudget(RetryConfig config, RandomSource& random)
    : config_(config), random_(random), tokens_(kTokensMax) {}

void RetryBudget::note_first_attempt() {
  tokens_ = std::min(kTokensMax, tokens_ + config_.budget_ratio);
}

std::optional<Clock::duration> RetryBudget::next_pause(std::uint32_t attempts) {
  if (attempts >= config_.attempts_max || tokens_ < 1) return std::nullopt;
  tokens_ -= 1;
  const auto cap = std::min<Clock::duration>(config_.backoff * (1LL << std::min(attempts - 1, 20U)),
                                             config_.backoff_max);
  const auto half = cap / 2;
  const double fraction = static_cast<double>(random_.next() >> 11U) * 0x1.0p-53;
  return half + std::chrono::duration_cast<Clock::duration>(half * fraction);
}

}  // namespace loquat::degradation
