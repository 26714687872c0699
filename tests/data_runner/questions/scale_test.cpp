#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "loquat/base/clock.hpp"
#include "loquat/semantic/planner.hpp"

/// For bench/planner: planning over a generated model of any size, figures only.
namespace loquat::tests {
namespace {

using namespace contracts;

constexpr std::array<std::string_view, 20> kThings = {
    "order",    "invoice", "shipment", "refund",   "ticket",  "visit",  "session",
    "payment",  "claim",   "contract", "delivery", "booking", "repair", "reading",
    "transfer", "lesson",  "journey",  "sample",   "auction", "harvest"};
constexpr std::array<std::string_view, 10> kSides = {
    "gross", "net", "pending", "late", "early", "urgent", "online", "foreign", "small", "large"};
constexpr std::array<std::string_view, 5> kSorts = {"count", "weight", "price", "duration",
                                                    "distance"};
constexpr std::array<std::string_view, 10> kParts = {"region", "channel", "status", "carrier",
                                                     "brand",  "segment", "colour", "grade",
                                                     "team",   "site"};

/// A name that is no English word and is written like one: batelo, rimuna.
std::string made_name(std::size_t number) {
  static constexpr std::string_view kConsonants = "bdfgklmnprstvz", kVowels = "aeiou";
  std::string name;
  for (std::size_t rest = number + 40000; name.size() < 8 && (rest > 0 || name.size() < 6);) {
    name += kConsonants[rest % kConsonants.size()];
    rest /= kConsonants.size();
    name += kVowels[rest % kVowels.size()];
    rest /= kVowels.size();
  }
  return name;
}

struct Generated {
  std::shared_ptr<ProjectModel> project = std::make_shared<ProjectModel>();
  semantic::DimensionValues values;
  std::vector<std::string> questions;
};

SemanticModel model_of(std::string_view thing) {
  SemanticModel model;
  model.name = std::string(thing) + "s";
  model.relation = {"db", "main", model.name, "\"" + model.name + "\""};
  Entity entity;
  entity.name = std::string(thing);
  entity.expr = entity.name + "_id";
  model.entities = {entity};
  Dimension day;
  day.name = day.expr = "done_on";
  day.type = DimensionType::time;
  model.dimensions = {day};
  for (const std::string_view part : kParts) {
    Dimension dimension;
    dimension.name = dimension.expr = std::string(part);
    model.dimensions.push_back(std::move(dimension));
  }
  return model;
}

Generated generate(std::size_t metrics, std::size_t values) {
  Generated made;
  const std::size_t things = std::clamp<std::size_t>(metrics / 50, 1, kThings.size());
  for (std::size_t t = 0; t < things; ++t)
    made.project->semantic_models.push_back(model_of(kThings[t]));
  for (std::size_t m = 0; m < metrics; ++m) {
    SemanticModel& model = made.project->semantic_models[m % things];
    const std::size_t at = m / things;
    Measure measure;
    measure.agg = Aggregation::sum;
    measure.expr = "amount";
    measure.agg_time_dimension = "done_on";
    measure.name = std::string(kSides[at % kSides.size()]) + "_" + model.entities[0].name + "_" +
                   std::string(kSorts[at / kSides.size() % kSorts.size()]);
    Metric metric;
    metric.name = measure.name;
    metric.label = measure.name;
    std::replace(metric.label.begin(), metric.label.end(), '_', ' ');
    metric.measure = MeasureInput{};
    metric.measure->measure = measure.name;
    model.measures.push_back(std::move(measure));
    made.project->metrics.push_back(std::move(metric));
  }
  made.project->time_spines = {{{"db", "main", "days", "\"days\""}, "date_day", Grain::day, {}}};
  const std::size_t columns = things * kParts.size();
  for (std::size_t v = 0; v < values; ++v) {
    const std::size_t column = v % columns;
    const std::string dimension = std::string(kThings[column / kParts.size()]) + "__" +
                                  std::string(kParts[column % kParts.size()]);
    std::string text = made_name(v);
    if (v % 3 == 1) text += " " + made_name(v / 7);
    if (v % 11 == 2) text = "Store " + text;
    made.values.values[dimension].push_back(std::move(text));
  }
  for (std::size_t q = 0; q < 200; ++q) {
    const Metric& metric = made.project->metrics[q * 37 % metrics];
    const std::string thing =
        made.project->semantic_models[q * 37 % metrics % things].entities[0].name;
    const std::string part(kParts[q % kParts.size()]);
    const auto& list = made.values.values[thing + "__" + part];
    const std::string value = list.empty() ? "" : list[q * 7919 % list.size()];
    const std::array<std::string, 5> forms = {
        metric.label + " by " + part + " last month", metric.label + " for " + value + " in 2024",
        "top 5 " + part + " by " + metric.label + " this year",
        "please show me " + metric.label + " by month for " + value + " without unicorns",
        "compare " + metric.label + " this month with last month for " + part + " " + value};
    made.questions.push_back(forms[q % forms.size()]);
  }
  return made;
}

std::size_t resident_megabytes() {
  std::ifstream status("/proc/self/statm");
  std::size_t total = 0, resident = 0;
  status >> total >> resident;
  constexpr std::size_t kPageBytes = 4096;
  return resident * kPageBytes / 1'000'000;
}

double milliseconds_now() {
  return std::chrono::duration<double, std::milli>(Clock::now().time_since_epoch()).count();
}

TEST(QuestionsOfAGeneratedModel, AreTimed) {
  const char* size = std::getenv("LOQUAT_PLANNER_SCALE");  // 1000x1000000
  if (size == nullptr) GTEST_SKIP() << "LOQUAT_PLANNER_SCALE names no size";
  char* rest = nullptr;
  const std::size_t metrics = std::strtoul(size, &rest, 10);
  const std::size_t values = std::strtoul(rest + 1, nullptr, 10);
  ASSERT_GT(metrics, 0U);
  Generated made = generate(metrics, values);
  std::vector<ImportProblem> problems;
  const auto index = semantic::ModelIndex::build(made.project, problems);
  const std::size_t before = resident_megabytes();
  const double begin = milliseconds_now();
  const auto vocabulary = semantic::Vocabulary::build(index, std::move(made.values));
  std::cout << metrics << " metrics, " << values << " values: vocabulary built in "
            << milliseconds_now() - begin << " ms, " << resident_megabytes() - before << " MB\n";
  semantic::PlanRequest request;
  request.today = parse_date("2025-06-15").value();
  std::vector<double> taken;
  std::size_t answered = 0;
  for (const std::string& question : made.questions) {
    request.question = question;
    // The best of three: what the machine does beside is not what is measured.
    double best = 1e9;
    bool is_planned = false;
    for (int run = 0; run < 3; ++run) {
      const double start = milliseconds_now();
      const auto outcome = semantic::plan(*vocabulary, request);
      best = std::min(best, milliseconds_now() - start);
      is_planned = std::holds_alternative<semantic::Planned>(outcome.result);
    }
    taken.push_back(best);
    answered += is_planned ? 1 : 0;
  }
  std::sort(taken.begin(), taken.end());
  std::cout << "planning: p50 " << taken[taken.size() / 2] << " ms, p99 "
            << taken[taken.size() * 99 / 100] << " ms, worst " << taken.back() << " ms; "
            << answered << " of " << taken.size() << " answered\n";
}

}  // namespace
}  // namespace loquat::tests
