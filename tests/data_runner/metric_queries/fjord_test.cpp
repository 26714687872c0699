#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

#include "cases.hpp"
#include "loquat/dbt/reader.hpp"

/// A second company, a bike hire with other shapes than the first sample's (times by hour and by
/// minute, three hops, validity joins, custom granularities in offsets, keys that lead nowhere):
/// MetricFlow's rows for many combinations of its metrics, recorded from MetricFlow 0.213.
/// `LOQUAT_GOLDEN=fj066` runs one and prints its SQL.
namespace loquat::golden {
namespace {

std::string text_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("no " + path);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

std::shared_ptr<const semantic::ModelIndex> fjord_index(const std::string& root) {
  dbt::Artifacts artifacts{text_of(root + "manifest.json"), {}, {}, {}, {}};
  artifacts.semantic_manifest = text_of(root + "semantic_manifest.json");
  auto project = dbt::read_project(artifacts, WallTime{});
  if (project.has_error()) throw std::runtime_error(project.error().detail);
  for (const auto& problem : project->problems)
    ADD_FAILURE() << problem.artifact << problem.pointer << ": " << problem.message;
  std::vector<contracts::ImportProblem> problems;
  auto index = semantic::ModelIndex::build(
      std::make_shared<const contracts::ProjectModel>(std::move(*project)), problems);
  for (const auto& problem : problems)
    ADD_FAILURE() << problem.artifact << problem.pointer << ": " << problem.message;
  return index;
}

void load(Database& database, const std::string& path) {
  for (const char* sql : {"ATTACH ':memory:' AS fjord", "USE fjord.main"})
    ASSERT_EQ(database.run(sql).error, "");
  ASSERT_EQ(database.run(text_of(path)).error, "");
}

std::string check(const Json& golden, const semantic::ModelIndex& index, Database& database,
                  bool verbose) {
  const auto compiled = index.compile(query_of(golden.at("args")), {});
  const bool refused = golden.contains("refused");
  if (compiled.has_error()) return refused ? "" : "refused: " + compiled.error().detail;
  if (verbose) std::cout << compiled->sql << "\n";
  if (refused) return "answered, and is refused by MetricFlow";
  return compare(golden.at("columns"), rows_of(golden.at("rows")), golden.at("ordered") == true,
                 database.run(compiled->sql));
}

TEST(Fjord, GivesTheRowsOfMetricFlow) {
  const std::string root = std::string(LOQUAT_TEST_DATA) + "/metric_queries/fjord/";
  const auto index = fjord_index(root);
  Database database(":memory:");
  load(database, root + "data.sql");
  const char* only = std::getenv("LOQUAT_GOLDEN");
  const Json deviations = Json::parse(text_of(root + "deviations.json")).at("queries");
  int all = 0, good = 0;
  const Json golden = Json::parse(text_of(root + "golden.json"));
  for (const Json& query : golden.at("queries")) {
    const std::string id = query.at("id");
    if (only && id != only) continue;
    const std::string difference = check(query, *index, database, only != nullptr);
    ++all;
    good += difference.empty();
    if (deviations.contains(id))
      EXPECT_NE(difference, "") << id << " no longer deviates";
    else
      EXPECT_EQ(difference, "") << id << " " << query.at("args").dump();
  }
  std::cout << "fjord: " << good << " of " << all << " equal\n";
}

}  // namespace
}  // namespace loquat::golden
