// Compiles each golden metric query many times and prints the spread of the best time of each.
// One JSON line. Usage: bench_compiler GOLDEN.json MANIFEST [SEMANTIC_MANIFEST]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "loquat/dbt/reader.hpp"
#include "loquat/semantic/model_index.hpp"

namespace {

using namespace loquat;
using Stopwatch = std::chrono::steady_clock;
using Json = nlohmann::json;

constexpr int kRounds = 50;

std::string text_of(const char* path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> texts(const Json& args, const char* key) {
  const auto found = args.find(key);
  return found == args.end() || found->is_null() ? std::vector<std::string>{}
                                                 : found->get<std::vector<std::string>>();
}

contracts::MetricQuery query_of(const Json& args) {
  contracts::MetricQuery out;
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

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  dbt::Artifacts artifacts{text_of(argv[2]), {}, {}, {}, {}};
  if (argc > 3) artifacts.semantic_manifest = text_of(argv[3]);
  auto project = dbt::read_project(artifacts, WallTime{});
  if (!project) return 1;
  std::vector<contracts::ImportProblem> problems;
  const auto index = semantic::ModelIndex::build(
      std::make_shared<const contracts::ProjectModel>(std::move(*project)), problems);
  const Json golden = Json::parse(text_of(argv[1]));
  std::vector<double> first, best;
  for (const Json& one : golden.at("queries")) {
    if (one.contains("error")) continue;
    const auto query = query_of(one.at("args"));
    double least = 1e9;
    for (int round = 0; round < kRounds; ++round) {
      const auto begin = Stopwatch::now();
      const auto compiled = index->compile(query, {});
      const double us = std::chrono::duration<double, std::micro>(Stopwatch::now() - begin).count();
      if (!compiled) return 1;
      if (round == 0) first.push_back(us);
      least = std::min(least, us);
    }
    best.push_back(least);
  }
  std::ranges::sort(first);
  std::ranges::sort(best);
  const auto at = [](const std::vector<double>& sorted, double part) {
    return sorted[static_cast<std::size_t>(static_cast<double>(sorted.size() - 1) * part)];
  };
  std::printf(
      "{\"queries\":%zu,\"first_p50_us\":%.1f,\"first_p99_us\":%.1f,\"best_p50_us\":%.1f,"
      "\"best_p99_us\":%.1f}\n",
      best.size(), at(first, 0.5), at(first, 0.99), at(best, 0.5), at(best, 0.99));
  return 0;
}
