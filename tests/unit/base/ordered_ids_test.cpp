#include "loquat/base/ordered_ids.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace loquat {
namespace {

void expect_same(const OrderedIds& ids, const std::set<std::uint64_t>& known) {
  ASSERT_EQ(ids.size(), known.size());
  ASSERT_EQ(ids.empty(), known.empty());
  ASSERT_TRUE(std::equal(ids.begin(), ids.end(), known.begin(), known.end()));
  if (!known.empty()) {
    ASSERT_EQ(ids.lowest(), *known.begin());
  }
}

TEST(OrderedIds, HoldsWhatASetHoldsWhateverTheOrder) {
  std::mt19937_64 random(7);
  OrderedIds ids;
  std::set<std::uint64_t> known;
  for (int step = 0; step < 20'000; ++step) {
    const std::uint64_t id = random() % 300;
    if (random() % 2 == 0) {
      ids.insert(id);
      known.insert(id);
    } else {
      EXPECT_EQ(ids.erase(id), known.erase(id) == 1);
    }
    expect_same(ids, known);
  }
}

TEST(OrderedIds, WorksAsAQueueOverManyMoreIdsThanItEverHolds) {
  OrderedIds ids;
  std::set<std::uint64_t> known;
  for (std::uint64_t id = 1; id <= 10'000; ++id) {
    ids.insert(id);
    known.insert(id);
    if (id % 1'000 == 0) {
      ids.insert(id - 500);  // one that comes back
      known.insert(id - 500);
    }
    if (known.size() > 200) {
      ids.drop_lowest();
      known.erase(known.begin());
    }
    expect_same(ids, known);
  }
}

}  // namespace
}  // namespace loquat
