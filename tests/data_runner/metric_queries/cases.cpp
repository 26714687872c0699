#include "cases.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "loquat/dbt/reader.hpp"

namespace loquat::golden {
namespace {

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

std::vector<std::string> texts(const Json& args, const char* key) {
  const auto found = args.find(key);
  return found == args.end() || found->is_null() ? std::vector<std::string>{}
                                                 : found->get<std::vector<std::string>>();
}

void read_transforms(const Json& args, MetricQuery& out) {
  out.fill_time_gaps = args.value("fill_time_gaps", false);
  if (args.contains("comparison")) {
    const Json& one = args.at("comparison");
    MetricQuery::Comparison comparison;
    if (one.at("to") == "same_period_last_year")
      comparison.to = MetricQuery::Comparison::To::same_period_last_year;
    comparison.start = *parse_date(one.at("start").get<std::string>());
    comparison.end = *parse_date(one.at("end").get<std::string>());
    out.comparison = comparison;
  }
  for (const Json& one : args.value("shares", Json::array()))
    out.shares.push_back({one.at("metric"), one.at("as"), texts(one, "within")});
  for (const Json& one : args.value("running_totals", Json::array()))
    out.running_totals.push_back({one.at("metric"), one.at("as")});
  for (const Json& one : args.value("having", Json::array()))
    out.having.push_back({one.at("metric"), one.at("op"), one.at("value")});
  if (args.contains("top_per_group")) {
    const Json& one = args.at("top_per_group");
    out.top_per_group = {texts(one, "within"), one.at("by"), one.at("count")};
  }
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

}  // namespace

Json data_file(const std::string& name) { return Json::parse(text_of(kData + name)); }

std::string warehouse_path() { return kSource + "/examples/orchard/orchard.duckdb"; }

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
  read_transforms(args, out);
  return out;
}

std::vector<std::vector<std::string>> rows_of(const Json& rows) {
  Rows out;
  for (const Json& row : rows) {
    auto& cells = out.emplace_back();
    for (const Json& cell : row) cells.push_back(cell_text(cell));
  }
  return out;
}

std::string compare(const std::vector<std::string>& columns, Rows expected, bool ordered,
                    const Answer& answer) {
  if (!answer.error.empty()) return "does not run: " + answer.error;
  std::vector<std::size_t> place;
  for (const std::string& name : columns) {
    const auto found = std::ranges::find(answer.columns, name);
    if (found == answer.columns.end()) return "column " + name + " is missing";
    place.push_back(static_cast<std::size_t>(found - answer.columns.begin()));
  }
  if (answer.columns.size() != columns.size()) return "there are too many columns";
  Rows got;
  for (const auto& row : answer.rows) {
    auto& out = got.emplace_back();
    for (const std::size_t at : place) out.push_back(normal_time(row[at]));
  }
  for (auto& row : expected)
    for (std::string& cell : row) cell = normal_time(std::move(cell));
  if (expected.size() != got.size())
    return std::to_string(got.size()) + " rows instead of " + std::to_string(expected.size());
  if (!ordered) {
    sort_rows(expected);
    sort_rows(got);
  }
  for (std::size_t r = 0; r < got.size(); ++r)
    for (std::size_t c = 0; c < columns.size(); ++c)
      if (!equal(expected[r][c], got[r][c]))
        return "row " + std::to_string(r) + ", " + columns[c] + ": " + got[r][c] + " instead of " +
               expected[r][c];
  return "";
}

}  // namespace loquat::golden
