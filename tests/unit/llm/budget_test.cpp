#include <gtest/gtest.h>

#include "loquat/llm/assistant.hpp"

namespace loquat::llm {
namespace {

AssistConfig limits(std::int64_t tokens, double cost) {
  AssistConfig config;
  config.tenant_tokens_per_day = tokens;
  config.tenant_cost_per_day = cost;
  config.input_price = 10;
  config.output_price = 30;
  return config;
}

TEST(Budget, ADayOfTokensIsATenantsOwnAndStartsAnew) {
  Budget budget(limits(1'000, 0));
  EXPECT_TRUE(budget.reserve("t1", 900, WallTime{}));
  EXPECT_FALSE(budget.reserve("t1", 900, WallTime{}));
  EXPECT_TRUE(budget.reserve("t2", 900, WallTime{}));
  EXPECT_TRUE(budget.reserve("t1", 900, WallTime{std::chrono::hours(24)}));
}

TEST(Budget, WhatWasUsedTakesThePlaceOfWhatWasReserved) {
  Budget budget(limits(1'000, 0));
  ASSERT_TRUE(budget.reserve("t1", 900, WallTime{}));
  budget.settle("t1", 900, 50, 50, WallTime{});
  EXPECT_TRUE(budget.reserve("t1", 900, WallTime{}));
}

TEST(Budget, MoneyIsLimitedToo) {
  Budget budget(limits(0, 1));
  ASSERT_TRUE(budget.reserve("t1", 1, WallTime{}));
  EXPECT_DOUBLE_EQ(budget.settle("t1", 1, 50'000, 20'000, WallTime{}), 1.1);
  EXPECT_FALSE(budget.reserve("t1", 1, WallTime{}));
}

}  // namespace
}  // namespace loquat::llm
