#pragma once
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "loquat/base/clock.hpp"
#include "loquat/security/config.hpp"

namespace loquat::security {

/// A token bucket per key (tenant and user, or an address). Bounded: the key unused for longest
/// makes room, and a key that comes back has a full bucket. Pure; loop thread only.
class RateLimiter {
 public:
  explicit RateLimiter(RateLimitConfig config) : config_(config) {}
  /// Nothing if the request may pass; else how long to wait.
  [[nodiscard]] std::optional<Clock::duration> take(std::string_view key, Time now);
  /// The same for one request of a user: his own bucket, then his tenant's.
  [[nodiscard]] std::optional<Clock::duration> take(std::string_view tenant, std::string_view user,
                                                    Time now);
  void configure(RateLimitConfig config) { config_ = config; }
  [[nodiscard]] std::size_t size() const noexcept { return buckets_.size(); }

 private:
  struct Rate {
    double per_second, burst;
  };
  [[nodiscard]] std::optional<Clock::duration> take(std::string_view key, Time now, Rate rate);
  struct Bucket {
    std::string key;
    double tokens;
    Time at;
  };
  RateLimitConfig config_;
  std::list<Bucket> buckets_;  ///< latest used first
  std::unordered_map<std::string_view, std::list<Bucket>::iterator> by_key_;
};

}  // namespace loquat::security
