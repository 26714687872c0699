#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loquat/dbt/reader.hpp"

/// When week and fiscal year start, wherever a project says so.
namespace loquat::dbt {
namespace {

using testing::HasSubstr;

contracts::ProjectModel read(const std::string& nodes, const std::string& rest = "") {
  Artifacts artifacts;
  artifacts.manifest =
      R"({"metadata":{"dbt_schema_version":"https://schemas.getdbt.com/dbt/manifest/v12.json"},)"
      R"("nodes":{)" +
      nodes + "}" + rest + "}";
  auto out = read_project(artifacts, WallTime{});
  EXPECT_TRUE(out.has_value()) << out.error().detail;
  return out ? std::move(*out) : contracts::ProjectModel();
}

std::string node(const std::string& name, const std::string& meta) {
  return "\"model.t." + name + R"(":{"unique_id":"model.t.)" + name + R"(","name":")" + name +
         R"(","resource_type":"model","config":{"meta":)" + meta + "}}";
}

TEST(Calendar, IsReadAsNumbersAndAsNames) {
  const auto numbers = read(node("a", R"({"week_starts_on":7,"fiscal_year_start_month":4})"));
  EXPECT_EQ(numbers.week_starts_on, 7);
  EXPECT_EQ(numbers.fiscal_year_start_month, 4);
  const auto names =
      read(node("a", R"({"week_starts_on":"Sunday","fiscal_year_start_month":"oct"})"));
  EXPECT_EQ(names.week_starts_on, 7);
  EXPECT_EQ(names.fiscal_year_start_month, 10);
  EXPECT_EQ(read(node("a", R"({"week_starts_on":"6"})")).week_starts_on, 6);
}

TEST(Calendar, IsReadFromSemanticModelsAndMetrics) {
  const auto model = read("", R"(,"semantic_models":{"semantic_model.t.s":{"name":"s",
    "node_relation":{"alias":"s","schema_name":"m","relation_name":"m.s"},
    "config":{"meta":{"week_starts_on":"saturday"}}}})");
  EXPECT_EQ(model.week_starts_on, 6);
  const auto metric = read("", R"(,"metrics":{"metric.t.m":{"name":"m","type":"derived",
    "type_params":{"expr":"1","metrics":[]},"config":{"meta":{"fiscal_year_start_month":7}}}})");
  EXPECT_EQ(metric.fiscal_year_start_month, 7);
}

TEST(Calendar, TakesWhatIsSaidMostOftenAndReportsTheRest) {
  const auto project =
      read(node("a", R"({"week_starts_on":1})") + "," + node("b", R"({"week_starts_on":7})") + "," +
           node("c", R"({"week_starts_on":"sunday"})"));
  EXPECT_EQ(project.week_starts_on, 7);
  ASSERT_EQ(project.problems.size(), 1U);
  EXPECT_EQ(project.problems[0].pointer, "/nodes/model.t.a");
  EXPECT_THAT(project.problems[0].message, HasSubstr("7 is used"));
}

TEST(Calendar, ReportsWhatIsNoDay) {
  const auto project = read(node("a", R"({"week_starts_on":"someday"})"));
  EXPECT_EQ(project.week_starts_on, 1);
  ASSERT_EQ(project.problems.size(), 1U);
}

}  // namespace
}  // namespace loquat::dbt
