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

using contracts::MetricQuery;

std::string cell_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("no " + path);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

std::shared_ptr<const semantic::ModelIndex> fjord_index(const std::string& root) {
  dbt::Artifacts artifacts{cell_text(root + "manifest.json"), {}, {}, {}, {}};
  artifacts.semantic_manifest = cell_text(root + "semantic_manifest.json");
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
  ASSERT_EQ(database.run(cell_text(path)).error, "");
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
  const Json deviations = Json::parse(cell_text(root + "deviations.json")).at("queries");
  int all = 0, good = 0;
  const Json golden = Json::parse(cell_text(root + "golden.json"));
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

/// Row filters are right if they give what a warehouse gives that holds no other rows.
TEST(Fjord, FilteredRowsAreThoseOfAWarehouseWithoutTheOthers) {
  const std::string root = std::string(LOQUAT_TEST_DATA) + "/metric_queries/fjord/";
  const auto index = fjord_index(root);
  Database full(":memory:"), small(":memory:");
  load(full, root + "data.sql");
  load(small, root + "data.sql");
  const std::string others =
      " WHERE rider_id IS NULL OR rider_id NOT IN (SELECT rider_id FROM riders WHERE town = "
      "'Voss')";
  for (const char* table : {"rides", "app_opens", "wallets", "riders"})
    ASSERT_EQ(small.run("DELETE FROM " + std::string(table) + others).error, "");
  semantic::CompileOptions filtered;
  filtered.row_filters = {{"rider__town", {"Voss"}, "", true}};
  const Json golden = Json::parse(cell_text(root + "golden.json"));
  int compared = 0;
  for (std::size_t i = 0; i < golden.at("queries").size(); i += 2) {
    const Json& one = golden.at("queries").at(i);
    if (one.at("args").contains("limit")) continue;  // ties may fall either way
    const MetricQuery query = query_of(one.at("args"));
    const auto plain = index->compile(query, {});
    const auto with = index->compile(query, filtered);
    ASSERT_EQ(plain.has_value(), with.has_value()) << one.at("id");
    if (!plain) continue;
    const Answer wanted = small.run(plain->sql);
    ASSERT_EQ(wanted.error, "") << plain->sql;
    EXPECT_EQ(compare(wanted.columns, wanted.rows, false, full.run(with->sql)), "")
        << one.at("id") << " " << one.at("args").dump() << "\n"
        << with->sql;
    ++compared;
  }
  EXPECT_GT(compared, 150);
}

TEST(Fjord, RefusesWhatARowFilterCannotBePutOn) {
  const auto index = fjord_index(std::string(LOQUAT_TEST_DATA) + "/metric_queries/fjord/");
  const auto refusal = [&](const char* metric, contracts::RowFilter filter) {
    MetricQuery query;
    query.metrics = {metric};
    semantic::CompileOptions options;
    options.row_filters = {std::move(filter)};
    const auto compiled = index->compile(query, options);
    return compiled ? std::string() : std::string(to_string(compiled.error().code));
  };
  EXPECT_EQ(refusal("rides", {"rider__town", {"Voss"}, "", false}), "");
  EXPECT_EQ(refusal("rides", {"rider__town", {}, "the claim 'town'", false}), "forbidden");
  EXPECT_EQ(refusal("rides", {"rider__town", {}, "", false}), "forbidden");
  EXPECT_EQ(refusal("bikes_bought", {"rider__town", {"Voss"}, "", false}), "forbidden");
  EXPECT_EQ(refusal("bikes_bought", {"rider__town", {"Voss"}, "", true}), "");
  EXPECT_EQ(refusal("rides", {"no__such", {"x"}, "", false}), "forbidden");
  EXPECT_EQ(refusal("bikes_bought", {"dock__dock_name", {"Pier"}, "", false}), "");
}

TEST(Fjord, ValuesOfADimensionObeyRowFilters) {
  const std::string root = std::string(LOQUAT_TEST_DATA) + "/metric_queries/fjord/";
  const auto index = fjord_index(root);
  Database database(":memory:");
  load(database, root + "data.sql");
  const auto dimensions = index->dimensions_for({});
  ASSERT_TRUE(dimensions.has_value());
  const auto channel =
      std::ranges::find(*dimensions, "ride__channel", &semantic::DimensionInfo::name);
  ASSERT_NE(channel, dimensions->end());
  semantic::CompileOptions options;
  options.row_filters = {{"rider__town", {"Voss", "it's"}, "", false}};
  const auto sql = index->values_of(*channel, "WE", 5, options);
  ASSERT_TRUE(sql.has_value()) << sql.error().detail;
  const Answer got = database.run(*sql);
  const Answer wanted = database.run(
      "SELECT ride.channel, COUNT(*) FROM rides ride JOIN riders USING (rider_id) WHERE town = "
      "'Voss' AND ride.channel = 'web' GROUP BY 1");
  EXPECT_EQ(got.error, "") << *sql;
  EXPECT_EQ(got.rows, wanted.rows);
}

}  // namespace
}  // namespace loquat::golden
