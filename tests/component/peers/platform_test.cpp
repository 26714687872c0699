#include "loquat/platform/platform.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "component/peers/fake_peer.hpp"

namespace loquat::platform {
namespace {

using peers::Mood;
using ::testing::HasSubstr;

constexpr std::string_view kOrders = "shop.main.orders";
const std::string kTagsPath = "GET /v1/catalog/tables/shop.main.orders";

class CatalogTest : public peers::PeerTest {
 protected:
  std::unique_ptr<Catalog> make(std::string url) {
    CatalogConfig config;
    config.url = std::move(url);
    config.guard = guard();
    return make_catalog(config, {executor(), tasks, client, board, sources});
  }
  bool masks(std::string_view column, std::optional<bool> dbt = {}, bool is_text = true,
             std::string role = "analyst") {
    principal.roles = {std::move(role)};
    return catalog->must_mask(R"("shop"."main"."Orders")", column, dbt, is_text, principal);
  }
  void fetch() {
    catalog->want({std::string(kOrders)});
    ASSERT_TRUE(wait_until([&] { return tasks.size() == 0; }));
  }
  void SetUp() override {
    peer.on(kTagsPath, R"({"columns":[{"name":"Email","type":"varchar","tags":["PII"]},
        {"name":"phone","classification":"personal_data"},{"name":"status","tags":[{"name":"x"}]}]})");
  }
  std::unique_ptr<Catalog> catalog = make(peer.url());
};

TEST_F(CatalogTest, WithoutOneDbtAloneDecides) {
  catalog = make("");
  EXPECT_EQ(board.find("catalog")->state, degradation::Health::disabled);
  EXPECT_FALSE(masks("email"));
  EXPECT_TRUE(masks("email", true));
  EXPECT_FALSE(masks("email", true, true, "curator"));
}

TEST_F(CatalogTest, NeverReachedMasksTextThatDbtDoesNotMention) {
  EXPECT_TRUE(masks("status"));
  EXPECT_FALSE(masks("status", false));
  EXPECT_FALSE(masks("amount", {}, false));
  EXPECT_TRUE(masks("amount", true, false));
}

TEST_F(CatalogTest, ItsTagsDecideOnceTheyAreKnown) {
  fetch();
  EXPECT_TRUE(masks("EMAIL"));
  EXPECT_TRUE(masks("phone", false)) << "one of the two saying so is enough";
  EXPECT_FALSE(masks("status"));
  EXPECT_FALSE(masks("email", {}, true, "operator"));
}

TEST_F(CatalogTest, LastKnownTagsStayWhileItIsAway) {
  fetch();
  peer.mood = Mood::away;
  advance(std::chrono::hours(1));
  fetch();
  EXPECT_EQ(peer.count(kTagsPath), 2U);
  EXPECT_TRUE(masks("email"));
  EXPECT_FALSE(masks("status"));
}

TEST_F(CatalogTest, BabbleTeachesNothing) {
  peer.mood = Mood::babbling;
  fetch();
  EXPECT_TRUE(masks("status"));
}

TEST_F(CatalogTest, ATableItDoesNotHaveIsKnownToHaveNoTags) {
  catalog->want({"shop.main.unknown"});
  ASSERT_TRUE(wait_until([&] { return tasks.size() == 0; }));
  EXPECT_FALSE(catalog->must_mask("shop.main.unknown", "x", {}, true, principal));
}

TEST_F(CatalogTest, AsksOncePerRelationUntilTheTagsAreOld) {
  catalog->want({std::string(kOrders), std::string(kOrders)});
  fetch();
  fetch();
  EXPECT_EQ(peer.count(kTagsPath), 1U);
}

TEST_F(CatalogTest, TakesEdges) {
  peer.on("POST /v1/lineage/edges", "{}");
  contracts::CatalogEdge edge{"shop.main.orders", "loquat.query.q1", {{"total", "revenue"}}};
  const auto posted = await(catalog->post_edge(edge, principal, context, soon()));
  ASSERT_TRUE(posted);
  EXPECT_EQ(peer.requests.back().body,
            R"({"tenantId":"acme","sourceEntityFqn":"shop.main.orders",)"
            R"("targetEntityFqn":"loquat.query.q1","columnLineage":[{"sourceColumn":"total",)"
            R"("targetColumn":"revenue"}]})");
  EXPECT_EQ(peer.requests.back().header("X-Tenant-ID"), "acme");
}

class SemanticLayerTest : public peers::PeerTest {
 protected:
  SemanticLayerTest() {
    SemanticLayerConfig config;
    config.url = peer.url();
    config.model_id = "m1";
    config.guard = guard();
    layer = make_semantic_layer(config, {executor(), tasks, client, board, sources});
    query.metrics = {"revenue"};
    query.group_by = {"metric_time__month", "order__region"};
    query.limit = 5;
    peer.on(
        "POST /v1/metrics/query",
        R"({"rows":[{"metric_time__month":"2025-01-01","order__region":"north","revenue":2.5}]})");
  }
  Result<contracts::ResultSet> ask() {
    return await_over_time(layer->query(query, principal, context, soon()));
  }
  std::unique_ptr<contracts::SemanticLayer> layer;
  contracts::MetricQuery query;
};

TEST_F(SemanticLayerTest, AsksInItsWordsAndReadsItsRows) {
  const auto rows = ask();
  ASSERT_TRUE(rows) << rows.error().detail;
  EXPECT_EQ(rows->rows[0], (contracts::Row{"2025-01-01", "north", 2.5}));
  EXPECT_EQ(rows->columns[2].role, contracts::ColumnRole::metric);
  EXPECT_EQ(peer.requests.at(0).body,
            R"({"modelId":"m1","metrics":["revenue"],"dimensions":["order__region"],"filters":[],)"
            R"("timeDimension":"metric_time","timeGrain":"month","limit":5})");
}

TEST_F(SemanticLayerTest, WhateverGoesWrongMeansTheLocalModel) {
  for (const Mood mood : {Mood::away, Mood::babbling}) {
    peer.mood = mood;
    EXPECT_EQ(ask().error().code, Errc::unavailable);
  }
  EXPECT_EQ(board.find("semantic_layer")->breaker, degradation::BreakerState::open);
}

TEST_F(SemanticLayerTest, IsNotAskedWhatItHasNoWordsFor) {
  query.fill_time_gaps = true;
  EXPECT_EQ(ask().error().code, Errc::unavailable);
  EXPECT_TRUE(peer.requests.empty());
}

}  // namespace
}  // namespace loquat::platform
