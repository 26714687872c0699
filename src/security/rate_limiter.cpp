#include "loquat/security/rate_limiter.hpp"

#include <algorithm>
#include <chrono>

namespace loquat::security {

std::optional<Clock::duration> RateLimiter::take(std::string_view key, Time now) {
  if (config_.requests_per_second <= 0) return std::nullopt;
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) {
    while (buckets_.size() >= static_cast<std::size_t>(config_.keys_max)) {
      by_key_.erase(buckets_.back().key);
      buckets_.pop_back();
    }
    buckets_.push_front({std::string(key), config_.burst, now});
    by_key_.emplace(buckets_.front().key, buckets_.begin());
  } else {
    buckets_.splice(buckets_.begin(), buckets_, found->second);
  }
  auto& bucket = buckets_.front();
  const std::chrono::duration<double> passed = now - bucket.at;
  bucket.tokens =
      std::min(config_.burst, bucket.tokens + passed.count() * config_.requests_per_second);
  bucket.at = now;
  if (bucket.tokens >= 1) {
    bucket.tokens -= 1;
    return std::nullopt;
  }
  const std::chrono::duration<double> wait((1 - bucket.tokens) / config_.requests_per_second);
  return std::chrono::ceil<Clock::duration>(wait);
}

}  // namespace loquat::security
