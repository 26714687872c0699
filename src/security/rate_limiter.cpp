#include "loquat/security/rate_limiter.hpp"

#include <algorithm>
#include <chrono>

namespace loquat::security {

std::optional<Clock::duration> RateLimiter::take(std::string_view key, Time now) {
  return take(key, now, {config_.requests_per_second, config_.burst});
}

std::optional<Clock::duration> RateLimiter::take(std::string_view tenant, std::string_view user,
                                                 Time now) {
  // No id holds a control character, so no user's key is a tenant's.
  std::string key(tenant);
  key += '\x1f';
  const auto own = take(key + std::string(user), now);
  if (own) return own;
  return take("tenant\x1f" + key, now, {config_.tenant_requests_per_second, config_.tenant_burst});
}

std::optional<Clock::duration> RateLimiter::take(std::string_view key, Time now, Rate rate) {
  if (rate.per_second <= 0) return std::nullopt;
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) {
    while (buckets_.size() >= static_cast<std::size_t>(config_.keys_max)) {
      by_key_.erase(buckets_.back().key);
      buckets_.pop_back();
    }
    buckets_.push_front({std::string(key), rate.burst, now});
    by_key_.emplace(buckets_.front().key, buckets_.begin());
  } else {
    buckets_.splice(buckets_.begin(), buckets_, found->second);
  }
  auto& bucket = buckets_.front();
  const std::chrono::duration<double> passed = now - bucket.at;
  bucket.tokens = std::min(rate.burst, bucket.tokens + passed.count() * rate.per_second);
  bucket.at = now;
  if (bucket.tokens >= 1) {
    bucket.tokens -= 1;
    return std::nullopt;
  }
  const std::chrono::duration<double> wait((1 - bucket.tokens) / rate.per_second);
  return std::chrono::ceil<Clock::duration>(wait);
}

}  // namespace loquat::security
