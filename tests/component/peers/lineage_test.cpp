#include "loquat/lineage/lineage.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "component/peers/fake_peer.hpp"
#include "loquat/sql/parser.hpp"

namespace loquat::lineage {
namespace {

using peers::Mood;
using ::testing::HasSubstr;

struct Topic final : contracts::EventPublisher {
  std::vector<wire::Event> events;
  contracts::Task<Result<contracts::Receipt>> publish(wire::Event event) override {
    events.push_back(std::move(event));
    co_return contracts::Receipt::accepted;
  }
  void offer(wire::Event event) override { events.push_back(std::move(event)); }
};
struct Traces final : contracts::TraceStore {
  std::vector<Item> items;
  contracts::Task<Result<void>> put(std::vector<Item> more) override {
    items.insert(items.end(), more.begin(), more.end());
    co_return Result<void>();
  }
  contracts::Task<Result<std::vector<Item>>> by_trace(std::string, std::string) override {
    co_return items;
  }
  contracts::Task<Result<std::optional<Item>>> by_key(std::string, std::string,
                                                      std::string) override {
    co_return std::nullopt;
  }
};
struct NoModel final : contracts::SemanticModels {
  [[nodiscard]] std::shared_ptr<const contracts::ModelSnapshot> current() const override {
    return nullptr;
  }
};

class LineageService : public peers::PeerTest {
 protected:
  std::unique_ptr<Lineage> make(std::uint32_t copies_max = 10) {
    LineageConfig config;
    config.url = peer.url();
    config.copies_max = copies_max;
    config.guard = guard();
    return make_lineage(config, {executor(), pool, client, parser(), topic, traces, models, nullptr,
                                 board, telemetry(), sources});
  }
  static const sql::Parser& parser() {
    static const sql::Parser made;
    return made;
  }
  void SetUp() override {
    peer.on("POST /api/v1/lineage", "{}");
    service = make();
    service->start();
  }
  void TearDown() override {
    await(service->stop(Clock::now() + std::chrono::seconds(5)));
    PeerTest::TearDown();
  }
  void finish_turn(std::string sql = "select sum(total) as revenue from orders") {
    auto answer = std::make_shared<wire::Answer>();
    answer->query_id = "qry-01937b1c-5f3a-7c2e-9d4b-0123456789ab";
    answer->sql = std::move(sql);
    answer->dialect = "duckdb";
    auto turn = std::make_shared<contracts::TurnFinished>();
    turn->principal = principal;
    turn->context = context;
    turn->answer = std::move(answer);
    service->observer().on_turn_finished(std::move(turn));
  }
  Topic topic;
  Traces traces;
  NoModel models;
  std::unique_ptr<Lineage> service;
};

TEST_F(LineageService, SendsToTopicStoreAndService) {
  finish_turn();
  ASSERT_TRUE(wait_until([&] { return peer.requests.size() == 1 && traces.items.size() == 1; }));
  ASSERT_EQ(topic.events.size(), 1U);
  const auto& event = std::get<wire::LineageEvent>(topic.events[0]);
  EXPECT_THAT(event.event_id, HasSubstr("lin-"));
  EXPECT_EQ(event.sources[0].table, "orders");
  EXPECT_EQ(traces.items[0].key, event.query_id);
  EXPECT_THAT(peer.requests[0].body, HasSubstr("columnLineage"));
  EXPECT_EQ(peer.requests[0].header("X-Tenant-ID"), "acme");
}

TEST_F(LineageService, ServiceAwayDropsItsCopiesAndNothingElse) {
  peer.mood = Mood::away;
  for (int i = 0; i < 4; ++i) finish_turn();
  ASSERT_TRUE(wait_until([&] { return board.find("lineage")->dropped_total == 4; }));
  EXPECT_EQ(topic.events.size(), 4U);
  EXPECT_EQ(traces.items.size(), 4U);
  EXPECT_EQ(peer.requests.size(), 2U) << "the breaker opened after two";
  EXPECT_EQ(board.find("lineage")->state, degradation::Health::down);
  peer.mood = Mood::up;
  advance(std::chrono::seconds(2));
  finish_turn();
  EXPECT_TRUE(wait_until([&] { return board.find("lineage")->state == degradation::Health::up; }));
}

TEST_F(LineageService, ASlowServiceFillsTheBufferAndTheOldestGoes) {
  await(service->stop(Clock::now()));
  service = make(2);
  service->start();
  peer.mood = Mood::slow;
  for (int i = 0; i < 6; ++i) finish_turn();
  ASSERT_TRUE(wait_until([&] { return topic.events.size() == 6; }));
  const auto health = *board.find("lineage");
  EXPECT_LE(health.buffered, 2U);
  EXPECT_GE(health.dropped_total, 3U);
}

TEST_F(LineageService, WhatCannotBeReadIsSaidInTheEvent) {
  finish_turn("select * from t match_recognize (pattern (a))");
  ASSERT_TRUE(wait_until([&] { return topic.events.size() == 1; }));
  EXPECT_FALSE(std::get<wire::LineageEvent>(topic.events[0]).unresolved.empty());
}

TEST_F(LineageService, ATurnWithoutAStatementHasNoLineage) {
  finish_turn("");
  settle();
  EXPECT_TRUE(topic.events.empty());
}

}  // namespace
}  // namespace loquat::lineage
