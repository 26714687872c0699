#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "loquat/dbt/reader.hpp"
#include "loquat/semantic/model_index.hpp"

/// Artifacts as other adapters, dbt versions and people write them.
namespace loquat::dbt {
namespace {

using namespace contracts;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// A manifest of these sections; `rest` begins with a comma.
Artifacts manifest(const std::string& rest) {
  Artifacts out;
  out.manifest =
      R"({"metadata":{"dbt_schema_version":"https://schemas.getdbt.com/dbt/manifest/v12.json"})" +
      rest + "}";
  return out;
}

ProjectModel read(const Artifacts& artifacts) {
  auto out = read_project(artifacts, WallTime{});
  EXPECT_TRUE(out.has_value()) << out.error().detail;
  return out ? std::move(*out) : ProjectModel();
}

std::vector<std::string> places_of(const ProjectModel& project) {
  std::vector<std::string> out;
  for (const auto& problem : project.problems) out.push_back(problem.artifact + problem.pointer);
  return out;
}

const std::string kTrips = R"x("semantic_model.taxi.trips":{"name":"trips",
  "node_relation":{"alias":"fct_trips","schema_name":"MARTS","database":"PROD",
                   "relation_name":"PROD.MARTS.fct_trips"},
  "defaults":{"agg_time_dimension":"picked_up_at"},
  "entities":[{"name":"trip","type":"primary","expr":null,"role":null},
              {"name":"driver","type":"foreign","expr":"driver_sk"}],
  "dimensions":[{"name":"picked_up_at","type":"TIME","type_params":{"time_granularity":"DAY"}},
                {"name":"is_shared","type":"categorical","expr":"passengers > 1","type_params":null}],
  "measures":[{"name":"trips","agg":"count","expr":1},
              {"name":"fares","agg":"sum","expr":"fare + coalesce(tip, 0)"
},
              {"name":"p90","agg":"percentile","expr":"fare","agg_params":{"percentile":0.9}},
              {"name":"broken","agg":"percentile","expr":"fare","agg_params":{"percentile":"high"}}]
})x";

ProjectModel with_metrics(const std::string& metrics) {
  return read(manifest(R"(,"semantic_models":{)" + kTrips + R"(},"metrics":{)" + metrics + "}"));
}

TEST(OtherProjects, ReadUnquotedNamesUpperCaseWordsAndExpressions) {
  const auto project = with_metrics("");
  ASSERT_THAT(project.semantic_models, SizeIs(1));
  const SemanticModel& trips = project.semantic_models[0];
  EXPECT_EQ(trips.relation.rendered, "PROD.MARTS.fct_trips");
  EXPECT_EQ(trips.entities[0].expr, "trip");
  EXPECT_EQ(trips.dimensions[0].type, DimensionType::time);
  EXPECT_EQ(trips.dimensions[0].grain, Grain::day);
  EXPECT_EQ(trips.dimensions[1].expr, "passengers > 1");
  EXPECT_EQ(trips.measures[0].expr, "1");
  EXPECT_EQ(trips.measures[1].expr, "fare + coalesce(tip, 0)");
}

TEST(OtherProjects, LeaveOutAMeasureWhoseParametersAreBroken) {
  const auto project = with_metrics("");
  EXPECT_EQ(std::ranges::count(project.semantic_models[0].measures, "broken", &Measure::name), 0);
  EXPECT_THAT(places_of(project),
              Contains("manifest/semantic_models/semantic_model.taxi.trips/measures/3"));
}

TEST(OtherProjects, QuoteBackticksAsTheEnginesDo) {
  const auto project = read(manifest(R"(,"semantic_models":[{"name":"rides","node_relation":
    {"alias":"rides","schema_name":"core","database":"my-project",
     "relation_name":"`my-project`.`core`.`rides`"}}],
   "nodes":{"model.t.rides":{"unique_id":"model.t.rides","resource_type":"model","name":"rides",
     "database":"my-project","schema":"core","alias":"rides",
     "relation_name":"`my-project`.`core`.`rides`"}})"));
  EXPECT_EQ(project.semantic_models[0].relation.rendered, R"("my-project"."core"."rides")");
  EXPECT_EQ(project.semantic_models[0].model_unique_id, "model.t.rides");
}

TEST(OtherProjects, FindTheAliasedAndVersionedModelBehindASemanticModel) {
  const auto project = read(manifest(R"(,"semantic_models":[{"name":"rides","node_relation":
    {"alias":"rides_v2","schema_name":"Core","relation_name":"\"DB\".\"Core\".\"rides_v2\""}}],
   "nodes":{"model.t.rides.v1":{"unique_id":"model.t.rides.v1","resource_type":"model",
       "name":"rides","version":1,"relation_name":"\"DB\".\"Core\".\"rides_v1\""},
     "model.t.rides.v2":{"unique_id":"model.t.rides.v2","resource_type":"model","name":"rides",
       "version":2,"relation_name":"\"DB\".\"Core\".\"rides_v2\""}})"));
  EXPECT_EQ(project.semantic_models[0].model_unique_id, "model.t.rides.v2");
  EXPECT_THAT(project.nodes, SizeIs(2));
}

TEST(OtherProjects, ReadFiltersInEveryShape) {
  const auto simple = [](const std::string& name, const std::string& filter) {
    return R"("metric.t.)" + name + R"(":{"name":")" + name +
           R"(","type":"simple","type_params":{"measure":"trips"},"filter":)" + filter + "}";
  };
  const auto project =
      with_metrics(simple("a", R"("{{ Dimension('trip__is_shared') }}")") + "," +
                   simple("b", R"(["x = 1", {"where_sql_template":"y = 2"}])") + "," +
                   simple("c", R"({"where_filters":[{"where_sql_template":"z = 3"}]})") + "," +
                   simple("d", "null") + "," + simple("e", R"({"where_filters":null})") + "," +
                   simple("f", R"({"where_filters":[{"sql":"z = 3"}]})") + "," + simple("g", "17"));
  std::vector<std::string> names;
  for (const Metric& metric : project.metrics) names.push_back(metric.name);
  EXPECT_THAT(names, ElementsAre("a", "b", "c", "d", "e"));
  EXPECT_THAT(project.metrics[1].filters, ElementsAre("x = 1", "y = 2"));
  EXPECT_THAT(project.metrics[2].filters, ElementsAre("z = 3"));
  EXPECT_THAT(places_of(project), Contains("manifest/metrics/metric.t.f/filter/where_filters/0"));
  EXPECT_THAT(places_of(project), Contains("manifest/metrics/metric.t.g"));
}

TEST(OtherProjects, PassOverWhatIsSwitchedOffOrThereTwice) {
  const auto project = with_metrics(R"(
    "metric.t.off":{"name":"off","type":"simple","type_params":{"measure":"trips"},
                    "config":{"enabled":false}},
    "metric.t.on":{"name":"on","type":"simple","type_params":{"measure":{"name":"trips"}}},
    "metric.u.on":{"name":"on","type":"simple","type_params":{"measure":{"name":"fares"}}})");
  ASSERT_THAT(project.metrics, SizeIs(1));
  EXPECT_EQ(project.metrics[0].measure->measure, "trips");
  EXPECT_THAT(places_of(project), Contains("manifest/metrics/metric.u.on"));
}

TEST(OtherProjects, ReadWindowsAsObjectsAndAsText) {
  const auto cumulative = [](const std::string& name, const std::string& window) {
    return R"("metric.t.)" + name + R"(":{"name":")" + name +
           R"(","type":"cumulative","type_params":{"measure":{"name":"trips"},"window":)" + window +
           "}}";
  };
  const auto project =
      with_metrics(cumulative("a", R"({"count":7,"granularity":"DAYS"})") + "," +
                   cumulative("b", R"("2 weeks")") + "," + cumulative("c", R"("soon")"));
  ASSERT_THAT(project.metrics, SizeIs(2));
  EXPECT_EQ(project.metrics[0].window->count, 7);
  EXPECT_EQ(project.metrics[0].window->granularity, "day");
  EXPECT_EQ(project.metrics[1].window->granularity, "week");
}

TEST(OtherProjects, MayHoldWhatPythonCallsJson) {
  const auto project = read(manifest(R"(,"nodes":{
    "model.t.a":{"unique_id":"model.t.a","resource_type":"model","meta":{"w":NaN,"v":-Infinity}},
    "model.t.b":{"unique_id":"model.t.b","resource_type":"model","meta":{"w":nul}},
    "model.t.c":{"unique_id":"model.t.c","resource_type":"model"}})"));
  EXPECT_THAT(project.nodes, SizeIs(2));
  EXPECT_THAT(places_of(project), Contains("manifest/nodes/model.t.b"));
}

TEST(OtherProjects, ReadRowCountsAndTypesOfEveryAdapter) {
  Artifacts artifacts = manifest(R"(,"nodes":{
    "model.t.a":{"unique_id":"model.t.a","resource_type":"model",
      "columns":{"id":{"name":"id","description":"Key.","tags":[],"config":{"tags":["pii"]}},
                 "new":{"name":"new","data_type":"int"}}},
    "model.t.b":{"unique_id":"model.t.b","resource_type":"model"}})");
  artifacts.catalog = R"x({"nodes":{
    "model.t.a":{"unique_id":"model.t.a","columns":{
        "AMOUNT":{"name":"AMOUNT","type":"NUMBER(38,2)","index":2,"comment":"Paid."},
        "ID":{"name":"ID","type":"NUMBER","index":1}},
      "stats":{"row_count":{"id":"row_count","value":12.0},"x":{"id":"x","value":true}}},
    "model.t.b":{"unique_id":"model.t.b","columns":{"x":{"name":"x","type":"INT64","index":0},
        "y":{"name":"y","type":"STRING","index":0}},
      "stats":{"num_rows":{"id":"num_rows","value":"40"}}},
    "model.gone":{"unique_id":"model.gone","columns":{}}}})x";
  const auto project = read(artifacts);
  const ModelNode& a = project.nodes.at("model.t.a");
  ASSERT_THAT(a.columns, SizeIs(3));
  EXPECT_EQ(a.columns[0].name, "id");
  EXPECT_EQ(a.columns[0].data_type, "NUMBER");
  EXPECT_EQ(a.columns[0].meta.personal_data, true);
  EXPECT_EQ(a.columns[1].description, "Paid.");
  EXPECT_EQ(a.columns[2].name, "new");
  EXPECT_EQ(a.row_count, 12);
  EXPECT_THAT(project.nodes.at("model.t.b").columns, SizeIs(2));
  EXPECT_EQ(project.nodes.at("model.t.b").row_count, 40);
  EXPECT_THAT(project.problems, IsEmpty());
}

TEST(OtherProjects, ReadTestsWithAndWithoutTheNewArguments) {
  Artifacts artifacts = manifest(R"(,"nodes":{
    "model.t.a":{"unique_id":"model.t.a","resource_type":"model"},
    "test.t.1":{"unique_id":"test.t.1","resource_type":"test","attached_node":"model.t.a",
      "column_name":"state","test_metadata":{"name":"accepted_values",
      "kwargs":{"arguments":{"values":["open",7]}}}},
    "test.t.2":{"unique_id":"test.t.2","resource_type":"test","attached_node":null,
      "depends_on":{"nodes":["model.t.a"]},"test_metadata":null},
    "test.t.3":{"unique_id":"test.t.3","resource_type":"test","attached_node":"model.t.gone",
      "test_metadata":{"name":"unique","kwargs":{"column_name":"id"}}}})");
  artifacts.run_results =
      R"({"results":[{"unique_id":"test.t.1","status":"fail"},{"unique_id":null},7]})";
  const auto project = read(artifacts);
  const auto& tests = project.nodes.at("model.t.a").tests;
  ASSERT_THAT(tests, SizeIs(2));
  EXPECT_THAT(tests[0].accepted_values, ElementsAre("open", "7"));
  EXPECT_EQ(tests[0].state, TestState::failed);
  EXPECT_EQ(tests[1].kind, "other");
}

TEST(OtherProjects, ReadASpineFromARenderedLocation) {
  Artifacts artifacts;
  artifacts.semantic_manifest = R"({"semantic_models":[],"metrics":[],"saved_queries":[],
    "project_configuration":{"time_spines":null,"time_spine_table_configurations":
      [{"location":"\"my.db\".\"main\".\"days\"","column_name":"day","grain":"day"}]}})";
  const auto project = read(artifacts);
  ASSERT_THAT(project.time_spines, SizeIs(1));
  EXPECT_EQ(project.time_spines[0].relation.rendered, R"("my.db"."main"."days")");
  EXPECT_EQ(project.time_spines[0].relation.schema, "main");
}

TEST(OtherProjects, KeepWorkingMetricsBesideOnesThatLackTheirParts) {
  auto project = std::make_shared<ProjectModel>(with_metrics(R"(
    "metric.t.trips":{"name":"trips","type":"simple","type_params":{"measure":{"name":"trips"}}},
    "metric.t.lost":{"name":"lost","type":"simple","type_params":{"measure":{"name":"nothing"}}},
    "metric.t.over_lost":{"name":"over_lost","type":"ratio","type_params":
       {"numerator":{"name":"lost"},"denominator":{"name":"trips"}}},
    "metric.t.bare":{"name":"bare","type":"ratio","type_params":null},
    "metric.t.new":{"name":"new","type":"quantile","type_params":{}},
    "metric.t.empty":{"name":"empty","type":"derived","type_params":{"expr":null,"metrics":[]}},
    "metric.t.p90":{"name":"p90","type":"simple","type_params":{"measure":{"name":"p90"}}})"));
  std::vector<ImportProblem> problems = project->problems;
  const auto index = semantic::ModelIndex::build(project, problems);
  MetricQuery query;
  query.group_by = {"trip__is_shared"};
  const semantic::CompileOptions options;
  for (const auto* good : {"trips", "p90"}) {
    query.metrics = {good};
    EXPECT_TRUE(index->compile(query, options).has_value()) << good;
  }
  for (const auto* bad : {"lost", "over_lost", "bare", "new", "empty"}) {
    query.metrics = {bad};
    EXPECT_TRUE(index->compile(query, options).has_error()) << bad;
    EXPECT_TRUE(std::ranges::any_of(problems, [&](const ImportProblem& problem) {
      return (problem.pointer + problem.message).find(bad) != std::string::npos;
    })) << bad;
  }
}

TEST(OtherProjects, MayBeBrokenInEveryPartWithoutBreakingTheImport) {
  const auto project = read(manifest(
      R"(,"nodes":7,"sources":["x",{"unique_id":"source.t.s","resource_type":"source"}],
      "semantic_models":{"a":null,"b":[],"c":{"name":"c","node_relation":"t","entities":{}}},
      "metrics":"none","saved_queries":[{"name":"s","query_params":null}],"exposures":{"e":1},
      "groups":{"g":{"name":"g","owner":null}},"disabled":{"x":[{}]},"unit_tests":null)"));
  EXPECT_THAT(project.nodes, SizeIs(1));
  EXPECT_THAT(project.saved_queries, SizeIs(1));
  EXPECT_THAT(places_of(project), Contains("manifest/nodes"));
  EXPECT_THAT(places_of(project), Contains("manifest/sources/0"));
  EXPECT_THAT(places_of(project), Contains("manifest/metrics"));
}

}  // namespace
}  // namespace loquat::dbt
