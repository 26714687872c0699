#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <map>
#include <set>

#include "cases.hpp"
#include "loquat/base/clock.hpp"

/// Every golden metric query, compiled by us and run on the sample warehouse, must give
/// MetricFlow's rows, from each layout of artifacts. `LOQUAT_GOLDEN=orc066` runs one and prints its
/// SQL.
namespace loquat::golden {
namespace {

using contracts::MetricQuery;

std::string compare_golden(const Json& golden, const Answer& answer) {
  std::vector<std::string> columns;
  for (const Json& column : golden.at("columns")) columns.push_back(column.at("name"));
  if (golden.value("nondeterministic", false) && answer.error.empty()) return "";
  return compare(columns, rows_of(golden.at("rows")), golden.at("ordered") == true, answer);
}

std::string check(const Json& golden, const semantic::ModelIndex& index, Database& database,
                  bool verbose, double& compile_us) {
  const MetricQuery query = query_of(golden.at("args"));
  const auto start = loquat::Clock::now();
  const auto compiled = index.compile(query, {});
  compile_us = std::chrono::duration<double, std::micro>(loquat::Clock::now() - start).count();
  const bool refused = golden.contains("error");
  if (compiled.has_error()) {
    if (verbose) std::cout << compiled.error().detail << "\n";
    if (!refused) return "refused: " + compiled.error().detail;
    const std::string kind = golden.at("error").at("kind");
    return compiled.error().detail.starts_with(kind + ": ")
               ? ""
               : "refused as '" + compiled.error().detail + "' instead of " + kind;
  }
  if (verbose) std::cout << compiled->sql << "\n";
  if (refused)
    return "answered, and must be refused as " + golden.at("error").at("kind").get<std::string>();
  return compare_golden(golden, database.run(compiled->sql));
}

class GoldenQueries : public testing::TestWithParam<std::pair<const char*, bool>> {};

TEST_P(GoldenQueries, GiveTheRowsOfMetricFlow) {
  const auto [folder, manifest_alone] = GetParam();
  const auto index = index_of(folder, manifest_alone);
  Database database(warehouse_path());
  const Json golden = data_file("golden_metricflow.json");
  const Json deviations = data_file("deviations.json").at("queries");
  std::map<std::string, Json> other;
  const Json exceptions = data_file("golden_new_spec_exceptions.json");
  if (std::string(folder) == "target_new_spec")
    for (const Json& query : exceptions.at("queries")) other[query.at("id")] = query;

  const char* only = std::getenv("LOQUAT_GOLDEN");
  int good = 0, all = 0;
  std::vector<double> times;
  for (const Json& query : golden.at("queries")) {
    const std::string id = query.at("id");
    if (only && id != only) continue;
    const Json& wanted = other.contains(id) ? other.at(id) : query;
    double compile_us = 0;
    const std::string difference = check(wanted, *index, database, only != nullptr, compile_us);
    times.push_back(compile_us);
    ++all;
    good += difference.empty();
    if (deviations.contains(id)) {
      EXPECT_NE(difference, "") << id << " no longer deviates";
      continue;
    }
    EXPECT_EQ(difference, "") << id << ": " << query.at("note");
  }
  std::ranges::sort(times);
  std::cout << folder << (manifest_alone ? " (manifest alone)" : "") << ": " << good << " of "
            << all << " equal, compile p50 " << times[times.size() / 2] << " us\n";
}

/// What each metric can be grouped by is what MetricFlow lists.
TEST_P(GoldenQueries, ListTheDimensionsOfMetricFlow) {
  const auto [folder, manifest_alone] = GetParam();
  const auto index = index_of(folder, manifest_alone);
  const Json golden = data_file("golden_group_bys.json");
  for (const auto& [name, wanted] : golden.items()) {
    const std::vector<std::string> metrics{name};
    const auto listed = index->dimensions_for(metrics);
    ASSERT_TRUE(listed.has_value()) << name;
    std::set<std::string> dimensions, entities;
    for (const auto& info : *listed) {
      if (info.is_entity)
        entities.insert(info.name.substr(
            info.name.rfind("__") == std::string::npos ? 0 : info.name.rfind("__") + 2));
      else
        dimensions.insert(info.name);
    }
    EXPECT_EQ(dimensions, wanted.at("dimensions").get<std::set<std::string>>()) << name;
    EXPECT_EQ(entities, wanted.at("entities").get<std::set<std::string>>()) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Layouts, GoldenQueries,
                         testing::Values(std::pair{"target", false}, std::pair{"target", true},
                                         std::pair{"target_dbt_1_11", false},
                                         std::pair{"target_new_spec", false},
                                         std::pair{"target_new_spec", true}));

}  // namespace
}  // namespace loquat::golden
