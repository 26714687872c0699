#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "database.hpp"
#include "loquat/dbt/reader.hpp"
#include "loquat/semantic/model_index.hpp"

/// Every golden metric query, compiled by us and run on the sample warehouse, must give
/// MetricFlow's rows, from each layout of artifacts. `LOQUAT_GOLDEN=orc066` runs one and prints its
/// SQL.
namespace loquat::golden {
namespace {

using Json = nlohmann::json;
using contracts::MetricQuery;

const std::string kSource = LOQUAT_SOURCE_DIR;
const std::string kData = std::string(LOQUAT_TEST_DATA) + "/metric_queries/";

std::string text_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("no " + path);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

std::optional<std::string> text_if_any(const std::string& path) {
  return std::ifstream(path) ? std::optional(text_of(path)) : std::nullopt;
}

std::shared_ptr<const semantic::ModelIndex> index_of(const std::string& folder,
                                                     bool manifest_alone) {
  const std::string root = kSource + "/examples/orchard/" + folder + "/";
  dbt::Artifacts artifacts{text_of(root + "manifest.json"), {}, {}, {}, {}};
  if (!manifest_alone) {
    artifacts.semantic_manifest = text_of(root + "semantic_manifest.json");
    artifacts.catalog = text_if_any(root + "catalog.json");
  }
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

std::vector<std::string> texts(const Json& args, const char* key) {
  const auto found = args.find(key);
  return found == args.end() || found->is_null() ? std::vector<std::string>{}
                                                 : found->get<std::vector<std::string>>();
}

MetricQuery query_of(const Json& args) {
  MetricQuery out;
  out.metrics = texts(args, "metrics");
  out.group_by = texts(args, "group_by");
  out.where = texts(args, "where");
  out.order_by = texts(args, "order");
  if (args.contains("limit")) out.limit = args.at("limit").get<std::int64_t>();
  if (args.contains("start_time"))
    out.start_time = parse_date(args.at("start_time").get<std::string>());
  if (args.contains("end_time")) out.end_time = parse_date(args.at("end_time").get<std::string>());
  if (args.contains("saved_query")) out.saved_query = args.at("saved_query").get<std::string>();
  return out;
}

std::string normal_time(std::string text) {
  if (text.size() >= 19 && text[4] == '-' && text[7] == '-' &&
      (text[10] == ' ' || text[10] == 'T')) {
    text[10] = 'T';
    if (text.substr(10) == "T00:00:00") text.resize(10);
  }
  return text;
}

std::string cell_text(const Json& cell) {
  if (cell.is_null()) return kNull;
  if (cell.is_string()) return normal_time(cell.get<std::string>());
  if (cell.is_boolean()) return cell.get<bool>() ? "true" : "false";
  return cell.dump();
}

std::optional<double> number(const std::string& text) {
  if (text.empty() || text == kNull) return std::nullopt;
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  return *end == '\0' ? std::optional(value) : std::nullopt;
}

bool equal(const std::string& a, const std::string& b) {
  if (a == b) return true;
  const auto x = number(a);
  const auto y = number(b);
  return x && y && std::abs(*x - *y) <= 1e-9 * std::max({1e-300, std::abs(*x), std::abs(*y)});
}

using Rows = std::vector<std::vector<std::string>>;

/// Rows in an order that small differences of floating point do not change.
void sort_rows(Rows& rows) {
  const auto rounded = [](const std::string& text) {
    const auto value = number(text);
    if (!value) return text;
    char out[48];
    std::snprintf(out, sizeof out, "%.7g", *value);
    return std::string(out);
  };
  std::ranges::sort(rows, [&](const auto& a, const auto& b) {
    return std::ranges::lexicographical_compare(a, b, {}, rounded, rounded);
  });
}

std::string compare(const Json& golden, Answer answer) {
  if (!answer.error.empty()) return "does not run: " + answer.error;
  std::vector<std::string> wanted;
  for (const Json& column : golden.at("columns")) wanted.push_back(column.at("name"));
  std::vector<std::size_t> place;
  for (const std::string& name : wanted) {
    const auto found = std::ranges::find(answer.columns, name);
    if (found == answer.columns.end()) return "column " + name + " is missing";
    place.push_back(static_cast<std::size_t>(found - answer.columns.begin()));
  }
  if (answer.columns.size() != wanted.size()) return "there are too many columns";
  if (golden.value("nondeterministic", false)) return "";
  Rows expected, got;
  for (const Json& row : golden.at("rows")) {
    auto& out = expected.emplace_back();
    for (const Json& cell : row) out.push_back(cell_text(cell));
  }
  for (const auto& row : answer.rows) {
    auto& out = got.emplace_back();
    for (const std::size_t at : place) out.push_back(normal_time(row[at]));
  }
  if (expected.size() != got.size())
    return std::to_string(got.size()) + " rows instead of " + std::to_string(expected.size());
  if (golden.at("ordered") != true) {
    sort_rows(expected);
    sort_rows(got);
  }
  for (std::size_t r = 0; r < got.size(); ++r)
    for (std::size_t c = 0; c < wanted.size(); ++c)
      if (!equal(expected[r][c], got[r][c]))
        return "row " + std::to_string(r) + ", " + wanted[c] + ": " + got[r][c] + " instead of " +
               expected[r][c];
  return "";
}

std::string check(const Json& golden, const semantic::ModelIndex& index, Database& database,
                  bool verbose, double& compile_us) {
  const MetricQuery query = query_of(golden.at("args"));
  const auto start = std::chrono::steady_clock::now();
  const auto compiled = index.compile(query, {});
  compile_us =
      std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
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
  return compare(golden, database.run(compiled->sql));
}

class GoldenQueries : public testing::TestWithParam<std::pair<const char*, bool>> {};

TEST_P(GoldenQueries, GiveTheRowsOfMetricFlow) {
  const auto [folder, manifest_alone] = GetParam();
  const auto index = index_of(folder, manifest_alone);
  Database database(kSource + "/examples/orchard/orchard.duckdb");
  const Json golden = Json::parse(text_of(kData + "golden_metricflow.json"));
  const Json deviations = Json::parse(text_of(kData + "deviations.json")).at("queries");
  std::map<std::string, Json> other;
  const Json exceptions = Json::parse(text_of(kData + "golden_new_spec_exceptions.json"));
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

INSTANTIATE_TEST_SUITE_P(Layouts, GoldenQueries,
                         testing::Values(std::pair{"target", false}, std::pair{"target", true},
                                         std::pair{"target_dbt_1_11", false},
                                         std::pair{"target_new_spec", false},
                                         std::pair{"target_new_spec", true}));

}  // namespace
}  // namespace loquat::golden
