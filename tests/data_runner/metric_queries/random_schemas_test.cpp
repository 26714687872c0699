#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "cases.hpp"

/// Two fact tables over shared dimensions of random size, with null keys, keys that lead nowhere
/// and groups that only one side has: sums must be those of plain loops, whatever is joined.
namespace loquat::golden {
namespace {

using namespace contracts;
constexpr int kNone = -1;
constexpr int kDimensions = 3;  ///< d0 points to d1, d1 to d2

struct Fact {
  std::vector<std::array<int, kDimensions>> keys;
  std::vector<int> amounts;
};

struct World {
  std::array<std::vector<std::string>, kDimensions> labels;  ///< by key; "" is null
  std::array<std::vector<int>, kDimensions> next;            ///< key into the next dimension
  std::array<Fact, 2> facts;
};

World random_world(std::mt19937& random) {
  const auto upto = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  World out;
  for (int d = 0; d < kDimensions; ++d) {
    const int size = 1 + upto(5);
    for (int i = 0; i < size; ++i) {
      out.labels[d].push_back(upto(4) == 0 ? "" : std::string(1, static_cast<char>('a' + upto(3))));
      out.next[d].push_back(upto(5) == 0 ? kNone : upto(7));
    }
  }
  for (Fact& fact : out.facts)
    for (int row = upto(12); row > 0; --row) {
      std::array<int, kDimensions> keys{};
      for (int& key : keys) key = upto(5) == 0 ? kNone : upto(7);
      fact.keys.push_back(keys);
      fact.amounts.push_back(upto(100));
    }
  return out;
}

std::string key_text(int key) { return key == kNone ? "NULL" : std::to_string(key); }

void load(Database& database, const World& world) {
  const auto run = [&](const std::string& sql) { ASSERT_EQ(database.run(sql).error, "") << sql; };
  for (int d = 0; d < kDimensions; ++d) {
    const std::string name = "d" + std::to_string(d);
    run("CREATE OR REPLACE TEMP TABLE " + name + " (id INTEGER, label VARCHAR, next INTEGER)");
    for (std::size_t i = 0; i < world.labels[d].size(); ++i)
      run("INSERT INTO " + name + " VALUES (" + std::to_string(i) + ", NULLIF('" +
          world.labels[d][i] + "', ''), " + key_text(world.next[d][i]) + ")");
  }
  for (int f = 0; f < 2; ++f) {
    const std::string name = "f" + std::to_string(f);
    run("CREATE OR REPLACE TEMP TABLE " + name +
        " (k0 INTEGER, k1 INTEGER, k2 INTEGER, n INTEGER)");
    for (std::size_t i = 0; i < world.facts[f].amounts.size(); ++i) {
      const auto& keys = world.facts[f].keys[i];
      run("INSERT INTO " + name + " VALUES (" + key_text(keys[0]) + ", " + key_text(keys[1]) +
          ", " + key_text(keys[2]) + ", " + std::to_string(world.facts[f].amounts[i]) + ")");
    }
  }
}

std::shared_ptr<const semantic::ModelIndex> model_of_world() {
  ProjectModel project;
  for (int d = 0; d < kDimensions; ++d) {
    const std::string name = "d" + std::to_string(d);
    SemanticModel model;
    model.name = name;
    model.relation.rendered = name;
    model.entities.push_back({name, EntityType::primary, "id", "", "", {}});
    if (d + 1 < kDimensions)
      model.entities.push_back(
          {"d" + std::to_string(d + 1), EntityType::foreign, "next", "", "", {}});
    Dimension label;
    label.name = label.expr = "label";
    model.dimensions.push_back(label);
    project.semantic_models.push_back(model);
  }
  for (int f = 0; f < 2; ++f) {
    const std::string name = "f" + std::to_string(f);
    SemanticModel model;
    model.name = model.primary_entity = name;
    model.relation.rendered = name;
    for (int d = 0; d < kDimensions; ++d)
      model.entities.push_back(
          {"d" + std::to_string(d), EntityType::foreign, "k" + std::to_string(d), "", "", {}});
    Measure measure;
    measure.name = "total_" + name;
    measure.expr = "n";
    model.measures.push_back(measure);
    project.semantic_models.push_back(model);
    Metric metric;
    metric.name = measure.name;
    metric.measure = MeasureInput{};
    metric.measure->measure = measure.name;
    project.metrics.push_back(metric);
  }
  std::vector<ImportProblem> problems;
  return semantic::ModelIndex::build(std::make_shared<const ProjectModel>(project), problems);
}

/// The label at the end of `path` (dimension numbers), walked from a row's own keys.
std::string walk(const World& world, const std::array<int, kDimensions>& keys,
                 const std::vector<int>& path) {
  int key = keys[path.front()];
  for (std::size_t i = 0;; ++i) {
    const int d = path[i];
    if (key == kNone || key >= static_cast<int>(world.labels[d].size())) return kNull;
    if (i + 1 == path.size()) {
      const std::string& label = world.labels[d][key];
      return label.empty() ? kNull : label;
    }
    key = world.next[d][key];
  }
}

using Rows = std::vector<std::vector<std::string>>;

Rows by_hand(const World& world, const std::vector<std::vector<int>>& paths) {
  std::map<std::vector<std::string>, std::array<std::optional<long>, 2>> groups;
  for (int f = 0; f < 2; ++f)
    for (std::size_t row = 0; row < world.facts[f].amounts.size(); ++row) {
      std::vector<std::string> group;
      for (const auto& path : paths) group.push_back(walk(world, world.facts[f].keys[row], path));
      auto& total = groups[group][f];
      total = total.value_or(0) + world.facts[f].amounts[row];
    }
  Rows out;
  for (const auto& [group, totals] : groups) {
    auto& row = out.emplace_back(group);
    for (const auto& total : totals) row.push_back(total ? std::to_string(*total) : kNull);
  }
  return out;
}

TEST(RandomSchemas, NeverCountARowTwiceOrLoseOne) {
  const std::vector<std::vector<int>> all_paths{{0}, {1}, {2}, {0, 1}, {1, 2}, {0, 1, 2}};
  const auto index = model_of_world();
  Database database(":memory:");
  for (unsigned seed = 1; seed <= 60; ++seed) {
    std::mt19937 random(seed);
    const World world = random_world(random);
    load(database, world);
    std::set<std::size_t> chosen;
    for (auto i = 1 + random() % 3; i > 0; --i) chosen.insert(random() % all_paths.size());
    MetricQuery query;
    query.metrics = {"total_f0", "total_f1"};
    std::vector<std::vector<int>> paths;
    std::vector<std::string> columns;
    for (const std::size_t at : chosen) {
      paths.push_back(all_paths[at]);
      std::string name;
      for (const int d : all_paths[at]) name += "d" + std::to_string(d) + "__";
      columns.push_back(name + "label");
    }
    query.group_by = columns;
    columns.insert(columns.end(), query.metrics.begin(), query.metrics.end());
    const auto compiled = index->compile(query, {});
    ASSERT_TRUE(compiled.has_value()) << compiled.error().detail;
    EXPECT_EQ(compare(columns, by_hand(world, paths), false, database.run(compiled->sql)), "")
        << "seed " << seed << "\n"
        << compiled->sql;
  }
}

}  // namespace
}  // namespace loquat::golden
