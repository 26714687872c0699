#include "loquat/dbt/reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace loquat::dbt {
namespace {

using namespace contracts;
using testing::ElementsAre;
using testing::HasSubstr;

std::string sample(const std::string& name) {
  std::ifstream in(std::string(LOQUAT_SOURCE_DIR) + "/examples/orchard/" + name, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

Artifacts orchard() {
  return {sample("target/manifest.json"), sample("target/semantic_manifest.json"),
          sample("target/catalog.json"), sample("target/run_results.json"),
          sample("target/sources.json")};
}

const std::string kEmpty =
    R"({"metadata":{"dbt_schema_version":"https://schemas.getdbt.com/dbt/manifest/v12.json"}})";

const Metric& metric_of(const ProjectModel& project, const std::string& name) {
  return *std::ranges::find(project.metrics, name, &Metric::name);
}

TEST(Reader, ReadsAWholeProjectWithoutProblems) {
  const auto project = read_project(orchard(), WallTime{});
  ASSERT_TRUE(project.has_value());
  EXPECT_TRUE(project->problems.empty());
  EXPECT_EQ(project->project_name, "orchard");
  EXPECT_EQ(project->semantic_models.size(), 10U);
  EXPECT_EQ(project->metrics.size(), 61U);
  EXPECT_EQ(project->saved_queries.size(), 3U);
  ASSERT_EQ(project->time_spines.size(), 2U);
  EXPECT_EQ(project->time_spines[0].custom_granularities[0].name, "trading_year");
  EXPECT_EQ(project->exposures.size(), 2U);
  EXPECT_EQ(project->group_owners.size(), 2U);
  EXPECT_TRUE(project->generated_at.has_value());
}

TEST(Reader, ReadsTypesTestsFreshnessAndPersonalData) {
  const auto project = read_project(orchard(), WallTime{});
  ASSERT_TRUE(project.has_value());
  const ModelNode& orders = project->nodes.at("model.orchard.orders");
  EXPECT_EQ(orders.materialized, "table");
  EXPECT_EQ(orders.group, "sales");
  EXPECT_FALSE(orders.owner.empty());
  const auto id = std::ranges::find(orders.columns, "order_id", &ColumnNode::name);
  ASSERT_NE(id, orders.columns.end());
  EXPECT_EQ(id->data_type, "INTEGER");
  EXPECT_FALSE(id->description.empty());
  EXPECT_TRUE(std::ranges::any_of(orders.tests, [](const DataTest& test) {
    return test.kind == "unique" && test.column == "order_id" && test.state == TestState::passed;
  }));
  EXPECT_EQ(project->nodes.at("source.orchard.shop.raw_orders").freshness_state, "warn");
  EXPECT_TRUE(project->nodes.at("source.orchard.shop.raw_orders").max_loaded_at.has_value());
  const auto customers =
      std::ranges::find(project->semantic_models, "customers", &SemanticModel::name);
  EXPECT_EQ(customers->model_unique_id, "model.orchard.customers");
  const auto email = std::ranges::find(customers->dimensions, "email", &Dimension::name);
  EXPECT_EQ(email->meta.personal_data, true);
  EXPECT_THAT(metric_of(*project, "revenue").meta.synonyms,
              ElementsAre("sales", "turnover", "takings"));
  EXPECT_EQ(metric_of(*project, "revenue").meta.unit, "crowns");
}

TEST(Reader, MakesAMeasureForAMetricThatBringsItsAggregation) {
  Artifacts artifacts{sample("target_new_spec/manifest.json"), {}, {}, {}, {}};
  const auto project = read_project(artifacts, WallTime{});
  ASSERT_TRUE(project.has_value());
  const Metric& stock = metric_of(*project, "crates_on_hand");
  ASSERT_TRUE(stock.measure.has_value());
  const auto model =
      std::ranges::find(project->semantic_models, "stock_counts", &SemanticModel::name);
  const auto measure = std::ranges::find(model->measures, stock.measure->measure, &Measure::name);
  ASSERT_NE(measure, model->measures.end());
  EXPECT_TRUE(measure->made_for_metric);
  EXPECT_EQ(measure->expr, "crates");
  EXPECT_EQ(measure->non_additive->name, "counted_on");
  EXPECT_TRUE(metric_of(*project, "orders_every_day").measure->join_to_timespine);
}

TEST(Reader, GivesEqualVersionsToEqualArtifactsOnly) {
  Artifacts changed = orchard();
  const std::size_t at = changed.sources->find("\"warn\"");
  ASSERT_NE(at, std::string::npos);
  changed.sources->replace(at, 6, "\"pass\"");
  const auto first = read_project(orchard(), WallTime{});
  const auto again = read_project(orchard(), WallTime{std::chrono::hours{1}});
  const auto other = read_project(changed, WallTime{});
  EXPECT_EQ(first->version, again->version);
  EXPECT_NE(first->version, other->version);
}

TEST(Reader, RefusesAManifestThatIsCutOffOrOfAnotherVersion) {
  const std::string whole = sample("target/manifest.json");
  const auto cut = read_project({whole.substr(0, whole.size() / 2), {}, {}, {}, {}}, WallTime{});
  ASSERT_TRUE(cut.has_error());
  EXPECT_EQ(cut.error().code, Errc::corrupt);
  EXPECT_THAT(cut.error().detail, HasSubstr("not a JSON object"));
  const auto old = read_project(
      {R"({"metadata":{"dbt_schema_version":"https://schemas.getdbt.com/dbt/manifest/v9.json"}})",
       {},
       {},
       {},
       {}},
      WallTime{});
  ASSERT_TRUE(old.has_error());
  EXPECT_THAT(old.error().detail, HasSubstr("v9"));
  EXPECT_TRUE(read_project({"[]", {}, {}, {}, {}}, WallTime{}).has_error());
  EXPECT_TRUE(read_project({"", {}, {}, {}, {}}, WallTime{}).has_error());
}

TEST(Reader, LeavesOutWhatIsBrokenAndSaysWhere) {
  Artifacts artifacts{kEmpty,
                      R"({"semantic_models":[
    {"name":"ok","node_relation":{"alias":"t","schema_name":"s"},"surprise":1,
     "entities":[{"name":"e","type":"primary"},{"name":"f","type":"strange"}],
     "dimensions":[7,{"name":"d","type":"categorical","expr":1}],
     "measures":[{"name":"m","agg":"mode"},{"name":"n","agg":"count","expr":1}]},
    "nonsense"],
    "metrics":[{"name":"x","type":"simple","type_params":{"measure":{"name":"n"}}},
               {"type":"simple"},{"name":"z","type":"simple","filter":{"where_filters":3}}]})",
                      "{\"nodes\":",
                      {},
                      {}};
  const auto project = read_project(artifacts, WallTime{});
  ASSERT_TRUE(project.has_value());
  ASSERT_EQ(project->semantic_models.size(), 1U);
  const SemanticModel& model = project->semantic_models[0];
  EXPECT_EQ(model.relation.rendered, "\"s\".\"t\"");
  EXPECT_EQ(model.entities.size(), 1U);
  ASSERT_EQ(model.dimensions.size(), 1U);
  EXPECT_EQ(model.dimensions[0].expr, "1");
  EXPECT_EQ(model.measures.size(), 1U);
  std::vector<std::string> places;
  for (const ImportProblem& problem : project->problems)
    places.push_back(problem.artifact + problem.pointer);
  for (const auto* place : {"semantic_manifest/semantic_models/0/entities/1/type",
                            "semantic_manifest/semantic_models/0/dimensions/0",
                            "semantic_manifest/semantic_models/0/measures/0",
                            "semantic_manifest/semantic_models/1", "semantic_manifest/metrics/1",
                            "semantic_manifest/metrics/2/filter/where_filters", "catalog"})
    EXPECT_THAT(places, testing::Contains(place));
}

TEST(Reader, ReadsTimeSpinesFromTheManifestAlone) {
  const auto project =
      read_project({sample("target_dbt_1_11/manifest.json"), {}, {}, {}, {}}, WallTime{});
  ASSERT_TRUE(project.has_value());
  ASSERT_EQ(project->time_spines.size(), 2U);
  const auto hourly = std::ranges::find(project->time_spines, Grain::hour, &TimeSpine::grain);
  ASSERT_NE(hourly, project->time_spines.end());
  EXPECT_EQ(hourly->column, "date_hour");
}

}  // namespace
}  // namespace loquat::dbt
