#include <fstream>

#include "fixture.hpp"

namespace loquat::store {
namespace {

class Records : public StoreFixture {};

TEST_F(Records, IdempotencyKeysSurviveARestartAndExpire) {
  open();
  ASSERT_TRUE(wait(store_->idempotency().put(
      {"scope", "hash", 202, "{}", clock_.now() + std::chrono::hours(24)})));
  open();
  ASSERT_TRUE(wait(store_->idempotency().find("scope"))->has_value());
  clock_.advance(std::chrono::hours(25));
  EXPECT_FALSE(wait(store_->idempotency().find("scope"))->has_value());
}

TEST_F(Records, ProfilesBelongToOneUserAndCanBeForgotten) {
  open();
  ASSERT_TRUE(wait(store_->profiles().save("t1", "ann", R"({"chart":"bar"})")));
  EXPECT_FALSE(wait(store_->profiles().load("t2", "ann"))->has_value());
  EXPECT_EQ(**wait(store_->profiles().load("t1", "ann")), R"({"chart":"bar"})");
  ASSERT_TRUE(wait(store_->profiles().forget("t1", "ann")));
  EXPECT_FALSE(wait(store_->profiles().load("t1", "ann"))->has_value());
}

TEST_F(Records, ArtifactsAreReplacedWhole) {
  open();
  EXPECT_FALSE(wait(store_->models().load())->has_value());
  ASSERT_TRUE(wait(store_->models().save({{{"a", "1"}, {"b", "2"}}, clock_.now()})));
  ASSERT_TRUE(wait(store_->models().save({{{"a", "3"}}, clock_.now()})));
  const auto loaded = wait(store_->models().load());
  ASSERT_TRUE(loaded->has_value());
  EXPECT_EQ((*loaded)->texts, (std::map<std::string, std::string>{{"a", "3"}}));
}

TEST_F(Records, AnAuditChainNeverGoesBack) {
  open();
  ASSERT_TRUE(wait(store_->audit_chain().save({{"t1", "w", 2, "two"}})));
  ASSERT_TRUE(wait(store_->audit_chain().save({{"t1", "w", 1, "one"}})));
  const auto links = wait(store_->audit_chain().load("w"));
  ASSERT_EQ(links->size(), 1U);
  EXPECT_EQ(links->front().hash, "two");
}

TEST_F(Records, AnAuditChainTakesAnotherStateOfTheSamePlace) {
  open();
  ASSERT_TRUE(wait(store_->audit_chain().save({{"", "w", 2, "running"}})));
  ASSERT_TRUE(wait(store_->audit_chain().save({{"", "w", 2, "ended"}})));
  EXPECT_EQ(wait(store_->audit_chain().load("w"))->front().hash, "ended");
}

TEST_F(Records, TracesAreFoundByTraceAndByKeyWithinTheirTenant) {
  open();
  ASSERT_TRUE(
      wait(store_->traces().put({{"t1", "ann", "tr", "lineage", "q1", "{}", clock_.now()}})));
  EXPECT_EQ(wait(store_->traces().by_trace("t1", "tr"))->size(), 1U);
  EXPECT_TRUE(wait(store_->traces().by_trace("t2", "tr"))->empty());
  ASSERT_TRUE(wait(store_->traces().put(
      {{"t1", "ann", "tr", "agent.trace", "e1", "{\"n\":1}", clock_.now()},
       {"t1", "ann", "tr", "agent.metrics", "e2", "{\"n\":2}", clock_.now()},
       {"t1", "bob", "other", "agent.trace", "e3", "{\"n\":3}", clock_.now()}})));
  const auto together = wait(store_->traces().by_trace("t1", "tr"));
  ASSERT_EQ(together->size(), 3U);
  EXPECT_EQ((*together)[2].kind, "agent.metrics");
  EXPECT_EQ((*together)[2].key, "e2");
  EXPECT_EQ((*together)[2].json, "{\"n\":2}");
  EXPECT_EQ((*together)[2].user_id, "ann");
  EXPECT_EQ((*together)[2].at, clock_.now());
  EXPECT_EQ(wait(store_->traces().by_trace("t1", "other"))->front().key, "e3");
  EXPECT_TRUE(wait(store_->traces().by_key("t1", "lineage", "q1"))->has_value());
  EXPECT_FALSE(wait(store_->traces().by_key("t2", "lineage", "q1"))->has_value());
}

TEST_F(Records, AFileThatCannotBeOpenedMeansAwayAndComesBack) {
  std::ofstream(folder_ / "taken") << "a file where a folder should be";
  config_.path = (folder_ / "taken" / "loquat.db").string();
  open();
  const auto refused = wait(store_->profiles().save("t1", "ann", "{}"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::unavailable);
  std::filesystem::remove(folder_ / "taken");
  std::filesystem::create_directory(folder_ / "taken");
  EXPECT_TRUE(wait(store_->profiles().save("t1", "ann", "{}")));
  EXPECT_EQ(states_, (std::vector<bool>{false, true}));
}

TEST_F(Records, AFullDiskUndoesTheWholeCallAndSaysUnavailable) {
  config_.bytes_max = 300'000;
  open();
  ASSERT_TRUE(wait(store_->profiles().save("t1", "ann", "{}")));
  const auto refused = wait(
      store_->models().save({{{"a", "small"}, {"b", std::string(2'000'000, 'x')}}, clock_.now()}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::unavailable);
  EXPECT_FALSE(wait(store_->models().load())->has_value());
  EXPECT_EQ(**wait(store_->profiles().load("t1", "ann")), "{}");
}

TEST_F(Records, CallsAfterTheStopAreRefused) {
  open().stop();
  EXPECT_EQ(wait(store_->profiles().load("t1", "ann")).error().code, Errc::unavailable);
}

}  // namespace
}  // namespace loquat::store
