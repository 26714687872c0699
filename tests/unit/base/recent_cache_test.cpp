#include "loquat/base/recent_cache.hpp"

#include <gtest/gtest.h>

namespace loquat {
namespace {

std::shared_ptr<const int> number(int n) { return std::make_shared<const int>(n); }

TEST(RecentCache, TheOneLongestUnusedGoesFirst) {
  RecentCache<int> cache(2, 1'000);
  cache.put("a", number(1), 1);
  cache.put("b", number(2), 1);
  ASSERT_TRUE(cache.find("a"));
  cache.put("c", number(3), 1);
  EXPECT_FALSE(cache.find("b"));
  EXPECT_EQ(*cache.find("a"), 1);
  EXPECT_EQ(*cache.find("c"), 3);
}

TEST(RecentCache, KeysAndWeightsCountAgainstItsBytes) {
  RecentCache<int> cache(100, 20);
  cache.put("12345", number(1), 10);
  EXPECT_EQ(cache.bytes(), 15U);
  cache.put("12346", number(2), 10);
  EXPECT_FALSE(cache.find("12345"));
  EXPECT_EQ(cache.bytes(), 15U);
  cache.put("large", number(3), 16);
  EXPECT_FALSE(cache.find("large"));
}

TEST(RecentCache, AnotherValueTakesTheOldOnesPlaceAndItsBytes) {
  RecentCache<int> cache(100, 100);
  cache.put("a", number(1), 50);
  cache.put("a", number(2), 10);
  EXPECT_EQ(*cache.find("a"), 2);
  EXPECT_EQ(cache.size(), 1U);
  EXPECT_EQ(cache.bytes(), 11U);
}

TEST(RecentCache, NoRoomMeansNothingIsKept) {
  RecentCache<int> cache(0, 100);
  cache.put("a", number(1), 1);
  EXPECT_FALSE(cache.find("a"));
}

TEST(CacheKey, PartsCannotRunIntoEachOther) {
  EXPECT_NE(CacheKey().add("ab").add("c").take(), CacheKey().add("a").add("bc").take());
  EXPECT_NE(CacheKey().add("a").add("").take(), CacheKey().add("").add("a").take());
  EXPECT_NE(CacheKey().add("1:a").take(), CacheKey().add("").add("a").take());
}

}  // namespace
}  // namespace loquat
