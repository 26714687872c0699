#include <gtest/gtest.h>

#include <vector>

#include "loquat/engine/engine.hpp"
#include "loquat/runtime/sync.hpp"
#include "support/loop_fixture.hpp"

namespace loquat::engine {
namespace {

/// Runs until told to stop, and remembers for whom.
class HeldEngine final : public contracts::QueryEngine {
 public:
  explicit HeldEngine(runtime::Executor executor) : released(std::move(executor)) {}
  std::string_view dialect() const noexcept override { return "duckdb"; }
  contracts::Task<Result<contracts::ResultSet>> execute(contracts::QueryRequest request) override {
    begun.push_back(request.principal.tenant_id);
    const auto mine = begun.size();
    while (let_go < mine) co_await released.wait();
    co_return contracts::ResultSet{};
  }
  std::vector<std::string> begun;
  std::size_t let_go = 0;
  runtime::Notification released;
};

class Fairness : public test_support::LoopFixture {
 protected:
  Fairness() {
    config.guard.concurrency_max = 2;
    config.tenant_queries_max = 2;
    config.tenant_line_max = 1'000;
    config.user_line_max = 1'000;
  }
  static contracts::QueryRequest query_of(std::string tenant) {
    contracts::QueryRequest request;
    request.sql = "SELECT 1";
    request.row_limit = 1;
    request.deadline = Clock::now() + std::chrono::hours(1);
    request.principal.tenant_id = std::move(tenant);
    request.principal.user_id = "u";
    return request;
  }
  EngineConfig config;
};

TEST_F(Fairness, AThousandQueriesOfOneTenantDelayAnothersByOneSlot) {
  HeldEngine held(executor());
  FairEngine engine(held, config, executor(), telemetry());
  using Outcome = Result<contracts::ResultSet>;
  std::vector<Pending<Outcome>> big;
  for (int i = 0; i < 1000; ++i) big.push_back(start(engine.execute(query_of("big"))));
  auto small = start(engine.execute(query_of("small")));
  EXPECT_EQ(held.begun, (std::vector<std::string>{"big", "big"}));
  held.let_go = 1;
  held.released.notify_all();
  settle();
  ASSERT_EQ(held.begun.size(), 3U);
  EXPECT_EQ(held.begun[2], "small");
  held.let_go = 10'000;
  while (!big.back().done()) {
    held.released.notify_all();
    settle();
  }
  EXPECT_TRUE(small.done());
}
TEST_F(Fairness, RefusesPastTheLineAndLeavesOthersTheirPlaces) {
  config.tenant_line_max = 3;
  HeldEngine held(executor());
  FairEngine engine(held, config, executor(), telemetry());
  std::vector<Pending<Result<contracts::ResultSet>>> waiting;
  for (int i = 0; i < 5; ++i) waiting.push_back(start(engine.execute(query_of("big"))));
  EXPECT_EQ(await(engine.execute(query_of("big"))).error().code, Errc::rate_limited);
  auto small = start(engine.execute(query_of("small")));
  EXPECT_FALSE(small.done()) << "it waits for its turn";
  for (auto& one : waiting) one.cancel();
  settle();
  EXPECT_EQ(held.begun.back(), "small");
  held.let_go = 10'000;
  held.released.notify_all();
  settle();
  EXPECT_TRUE(small.done());
}

}  // namespace
}  // namespace loquat::engine
