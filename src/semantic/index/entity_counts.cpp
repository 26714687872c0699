#include "index/entity_counts.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "index/words.hpp"
#include "semantic/language/text.hpp"

namespace loquat::semantic {
namespace {

using contracts::Dimension;
using contracts::DimensionType;
using contracts::Entity;
using contracts::EntityType;
using contracts::SemanticModel;

struct Key {
  const SemanticModel* model = nullptr;
  std::string expr;  ///< empty: declared without a column, each row is one
  std::string label;
  int models = 0;
};

std::map<std::string, Key> primary_keys(const contracts::ProjectModel& project) {
  std::map<std::string, Key> keys;
  for (const SemanticModel& model : project.semantic_models) {
    const auto note = [&](const std::string& name, const std::string& expr,
                          const std::string& label) {
      Key& key = keys[name];
      ++key.models;
      key.model = &model;
      key.expr = expr;
      key.label = label;
    };
    bool declared = false;
    for (const Entity& entity : model.entities) {
      if (entity.type != EntityType::primary) continue;
      note(entity.name, entity.expr, entity.label);
      declared = declared || entity.name == model.primary_entity;
    }
    if (!declared && !model.primary_entity.empty()) note(model.primary_entity, "", "");
  }
  return keys;
}

/// The date that rows of `model` happen on; empty where they only stand there, or several would do.
std::string date_of(const SemanticModel& model) {
  const bool points = std::any_of(model.entities.begin(), model.entities.end(),
                                  [](const auto& e) { return e.type == EntityType::foreign; });
  if (!points) return "";
  std::set<std::string> dates;
  for (const auto& measure : model.measures)
    if (!measure.agg_time_dimension.empty()) dates.insert(measure.agg_time_dimension);
  if (dates.empty())
    for (const Dimension& dimension : model.dimensions)
      if (dimension.type == DimensionType::time && !dimension.is_validity_start &&
          !dimension.is_validity_end)
        dates.insert(dimension.name);
  return dates.size() == 1 ? *dates.begin() : "";
}

/// The letters of `terse` stand in `full` in order, the first one first.
bool is_short_for(std::string_view terse, std::string_view full) {
  if (terse.empty() || full.empty() || terse[0] != full[0] || terse.size() >= full.size())
    return false;
  std::size_t next = 0;
  for (const char letter : full)
    if (next < terse.size() && letter == terse[next]) ++next;
  return next == terse.size();
}

/// `vehicles` for `veh` of the model `vehicles`; else the entity's own name in the plural.
std::string plural_of(const std::string& entity, const SemanticModel& model) {
  std::string name = entity;
  for (const std::string_view ending : {"_id", "_key", "_sk", "_pk", "_code"})
    if (name.size() > ending.size() && name.ends_with(ending))
      name.resize(name.size() - ending.size());
  const auto tables = language::words_of_name(model.name);
  const auto words = language::words_of_name(name);
  if (!tables.empty() && words.size() == 1 &&
      (tables.back().stem == words[0].stem || is_short_for(words[0].text, tables.back().stem)))
    return tables.back().text;
  std::replace(name.begin(), name.end(), '_', ' ');
  return name + (name.ends_with('s') ? "" : "s");
}

}  // namespace

std::deque<EntityCount> entity_counts_of(const contracts::ProjectModel& project) {
  std::set<std::string> taken;
  for (const auto& metric : project.metrics) taken.insert(lower(metric.name));
  for (const auto& model : project.semantic_models)
    for (const auto& measure : model.measures) taken.insert(lower(measure.name));
  std::deque<EntityCount> counts;
  for (const auto& [entity, key] : primary_keys(project)) {
    const std::string name = "count_of_" + entity;
    const bool slowly_changing =
        std::any_of(key.model->dimensions.begin(), key.model->dimensions.end(),
                    [](const Dimension& dimension) { return dimension.is_validity_start; });
    if (key.models != 1 || slowly_changing || taken.contains(lower(name))) continue;
    EntityCount count;
    count.entity = entity;
    count.model = key.model;
    count.measure.name = count.metric.name = name;
    count.measure.agg =
        key.expr.empty() ? contracts::Aggregation::count : contracts::Aggregation::count_distinct;
    count.measure.expr = key.expr.empty() ? "1" : key.expr;
    count.measure.agg_time_dimension = date_of(*key.model);
    count.metric.label =
        "Number of " + (key.label.empty() ? plural_of(entity, *key.model) : key.label);
    count.metric.description =
        "Each " + entity + " of " + key.model->name + " once; no metric of the project.";
    count.metric.measure = contracts::MeasureInput{name, {}, "", false, {}};
    counts.push_back(std::move(count));
  }
  return counts;
}

}  // namespace loquat::semantic
