#include <gtest/gtest.h>

#include "loquat/security/rate_limiter.hpp"
#include "loquat/security/stream_slots.hpp"

namespace loquat::security {
namespace {

TEST(TenantRate, HoldsAllUsersOfATenantTogether) {
  RateLimitConfig config;
  config.requests_per_second = 100;
  config.burst = 100;
  config.tenant_requests_per_second = 1;
  config.tenant_burst = 3;
  RateLimiter limiter(config);
  const auto now = Time(std::chrono::seconds(1000));
  for (const auto* user : {"a", "b", "c"}) EXPECT_FALSE(limiter.take("acme", user, now));
  const auto wait = limiter.take("acme", "d", now);
  ASSERT_TRUE(wait);
  EXPECT_EQ(*wait, std::chrono::seconds(1));
  EXPECT_FALSE(limiter.take("globex", "d", now)) << "another tenant has a bucket of its own";
  EXPECT_FALSE(limiter.take("acme", "d", now + *wait));
}
TEST(TenantRate, AUserWhoIsRefusedCostsHisTenantNothing) {
  RateLimitConfig config;
  config.requests_per_second = 1;
  config.burst = 1;
  config.tenant_requests_per_second = 1;
  config.tenant_burst = 2;
  RateLimiter limiter(config);
  const auto now = Time(std::chrono::seconds(1000));
  EXPECT_FALSE(limiter.take("acme", "flood", now));
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(limiter.take("acme", "flood", now));
  EXPECT_FALSE(limiter.take("acme", "calm", now));
}
TEST(StreamSlots, AreHeldByUserAndTenantAndGivenBack) {
  StreamsConfig config;
  config.user_max = 2;
  config.tenant_max = 3;
  StreamSlots slots(config);
  auto first = slots.take("acme", "ann");
  auto second = slots.take("acme", "ann");
  EXPECT_TRUE(first && second);
  EXPECT_FALSE(slots.take("acme", "ann")) << "a user has two";
  auto third = slots.take("acme", "bob");
  EXPECT_TRUE(third);
  EXPECT_FALSE(slots.take("acme", "cid")) << "a tenant has three";
  auto other = slots.take("globex", "ann");
  EXPECT_TRUE(other);
  first.reset();
  EXPECT_TRUE(slots.take("acme", "ann"));
  second.reset();
  third.reset();
  other.reset();
  EXPECT_EQ(slots.tenants(), 0U) << "nothing is kept of who has gone";
}

}  // namespace
}  // namespace loquat::security
