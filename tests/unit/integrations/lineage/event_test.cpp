#include "event.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loquat/sql/parser.hpp"
#include "loquat/wire/json.hpp"
#include "open_lineage.hpp"
#include "traverse.hpp"

namespace loquat::lineage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

contracts::ModelNode node(std::string name, std::vector<std::string> depends_on) {
  contracts::ModelNode out;
  out.unique_id = "model.shop." + name;
  out.name = name;
  out.resource_type = "model";
  out.relation = {"shop", "main", name, ""};
  out.depends_on = std::move(depends_on);
  return out;
}
contracts::ProjectModel project() {
  contracts::ProjectModel out;
  out.version = "v1";
  auto orders = node("orders", {"model.shop.raw"});
  orders.columns = {
      {"id", "", "", {}, {}}, {"email", "", "", {"pii"}, {}}, {"total", "", "", {}, {}}};
  auto report = node("report", {"model.shop.orders"});
  out.nodes = {{"model.shop.raw", node("raw", {})},
               {"model.shop.orders", orders},
               {"model.shop.report", report}};
  out.exposures = {{"exposure.shop.board", "board", "dashboard", "", "", {"model.shop.report"}}};
  return out;
}

wire::LineageEvent event_of(std::string sql, std::string question = "how much?") {
  static const sql::Parser parser;
  static const ModelFacts facts(project());
  auto answer = std::make_shared<wire::Answer>();
  answer->query_id = "qry-01937b1c-5f3a-7c2e-9d4b-0123456789ab";
  answer->response_id = "resp-1";
  answer->sql = sql;
  answer->dialect = "duckdb";
  answer->agents_visited = {"router", "sql_agent"};
  contracts::TurnFinished turn;
  turn.principal.tenant_id = "acme";
  turn.question = std::move(question);
  turn.answer = answer;
  const auto statement = parser.parse(sql, sql::Dialect::duckdb);
  return build_event(
      turn, {sql::trace_columns(*statement, facts.schema), statement->fingerprint, {}}, &facts);
}

TEST(LineageEvent, HoldsSourcesOutputsAndWhoWorked) {
  const auto event = event_of("select sum(total) as revenue from main.orders where id > 3");
  EXPECT_EQ(event.tenant_id, "acme");
  ASSERT_EQ(event.sources.size(), 1U);
  EXPECT_EQ(event.sources[0].table, "shop.main.orders");
  EXPECT_THAT(event.sources[0].filter_columns, ElementsAre("id"));
  ASSERT_EQ(event.outputs[0].inputs.size(), 2U);
  EXPECT_EQ(event.outputs[0].inputs[0].subtype, "AGGREGATION");
  EXPECT_EQ(event.outputs[0].inputs[1].type, wire::InfluenceType::INDIRECT);
  EXPECT_EQ(event.outputs[0].inputs[1].subtype, "FILTER");
  EXPECT_THAT(event.agent_pipeline, ElementsAre("router", "sql_agent"));
  EXPECT_EQ(event.status, wire::LineageStatus::ok);
}

TEST(LineageEvent, HidesLiteralsOfPersonalColumnsInStatementAndQuestion) {
  const auto event =
      event_of("select total from orders where email = 'Ada@x.org'", "what did ada@x.org spend?");
  EXPECT_THAT(event.query.sql, Not(HasSubstr("Ada")));
  EXPECT_EQ(event.user_question, "what did *** spend?");
  EXPECT_THAT(event_of("select total from orders where id = 'open'").query.sql, HasSubstr("open"));
}

TEST(LineageEvent, BecomesOpenLineage) {
  auto event = event_of("select sum(total) as revenue from orders where id > 3");
  const auto json = wire::parse_json(to_open_lineage(event, "ns", uuid_of(event.query_id)));
  ASSERT_TRUE(json);
  EXPECT_EQ(json->find("eventType")->string, "COMPLETE");
  EXPECT_EQ(json->find("run")->find("runId")->string, "01937b1c-5f3a-7c2e-9d4b-0123456789ab");
  const auto* facet = json->find("outputs")->items[0].find("facets")->find("columnLineage");
  const auto* field = &facet->find("fields")->find("revenue")->find("inputFields")->items[0];
  EXPECT_EQ(field->find("name")->string, "shop.main.orders");
  EXPECT_EQ(field->find("field")->string, "total");
  EXPECT_EQ(
      facet->find("dataset")->items[0].find("transformations")->items[0].find("subtype")->string,
      "FILTER");
  EXPECT_EQ(uuid_of("not-a-uuid"), "");
}

TEST(ProjectGraph, IsWalkedBothWaysToADepth) {
  const ProjectGraph graph(project());
  const auto start = graph.find("Main.Orders");
  ASSERT_TRUE(start);
  EXPECT_EQ(graph.find("model.shop.orders"), start);
  EXPECT_FALSE(graph.find("shop.other.orders"));
  const auto names = [](const GraphAnswer& answer) {
    std::vector<std::string> out;
    for (const GraphNode& node : answer.nodes) out.push_back(node.name);
    return out;
  };
  const auto up = walk(graph, *start, {.upstream = true}, {});
  EXPECT_THAT(names(up), ElementsAre("orders", "raw"));
  EXPECT_EQ(up.edges[0].target, "shop.main.orders");
  const RecentQuery query{"acme", "ada", "qry-1", {"shop.main.report"}};
  const auto down = walk(graph, *start, {.downstream = true}, {&query});
  EXPECT_THAT(names(down), ElementsAre("orders", "report", "board", "qry-1"));
  const auto near = walk(graph, *start, {.downstream = true, .depth_max = 1}, {&query});
  EXPECT_THAT(names(near), ElementsAre("orders", "report"));
  EXPECT_TRUE(near.truncated);
  EXPECT_TRUE(walk(graph, *start, {.downstream = true, .nodes_max = 2}, {}).truncated);
}

}  // namespace
}  // namespace loquat::lineage
