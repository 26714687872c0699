#include "index/join_graph.hpp"

#include <algorithm>

namespace loquat::semantic {

using contracts::Dimension;
using contracts::Entity;
using contracts::EntityType;
using contracts::SemanticModel;

namespace {
constexpr int kStepsMax = 20'000;
constexpr std::size_t kWaysMax = 8;
constexpr std::size_t kNamesMax = 5'000;
}  // namespace

JoinGraph::JoinGraph(const contracts::ProjectModel& project) {
  for (const SemanticModel& model : project.semantic_models)
    for (const Entity& entity : model.entities)
      if (entity.type != EntityType::foreign)  // a join onto a foreign key would fan out
        targets_[entity.name].push_back({nullptr, &model, &entity});
}

const Entity* JoinGraph::entity_of(const SemanticModel& model, std::string_view name) {
  const auto found = std::ranges::find(model.entities, name, &Entity::name);
  return found == model.entities.end() ? nullptr : &*found;
}

const Dimension* JoinGraph::dimension_of(const SemanticModel& model, std::string_view name) {
  const auto found = std::ranges::find(model.dimensions, name, &Dimension::name);
  return found == model.dimensions.end() ? nullptr : &*found;
}

std::vector<std::string> JoinGraph::own_links(const SemanticModel& model) {
  std::vector<std::string> out;
  if (!model.primary_entity.empty()) out.push_back(model.primary_entity);
  for (const Entity& entity : model.entities)
    if (entity.type != EntityType::foreign && entity.name != model.primary_entity)
      out.push_back(entity.name);
  return out;
}

std::optional<JoinGraph::Validity> JoinGraph::validity_of(const SemanticModel& model) {
  Validity out;
  for (const Dimension& dimension : model.dimensions) {
    if (dimension.is_validity_start) out.start = &dimension;
    if (dimension.is_validity_end) out.end = &dimension;
  }
  if (!out.start || !out.end) return std::nullopt;
  return out;
}

std::vector<Hop> JoinGraph::hops_from(const SemanticModel& model, std::string_view entity) const {
  std::vector<Hop> out;
  const Entity* from = entity_of(model, entity);
  const auto targets = targets_.find(entity);
  if (!from || targets == targets_.end()) return out;
  for (Hop hop : targets->second) {
    if (hop.to == &model) continue;
    if (from->type == EntityType::natural && hop.to_entity->type == EntityType::natural) continue;
    if (validity_of(model) && validity_of(*hop.to)) continue;
    hop.from = from;
    out.push_back(hop);
  }
  return out;
}

bool JoinGraph::may_step(const std::vector<Hop>& way, const SemanticModel& start, const Hop& hop) {
  if (hop.to == &start) return false;
  return std::ranges::none_of(way, [&](const Hop& before) {
    return before.to == hop.to || before.to_entity->name == hop.to_entity->name;
  });
}

std::vector<Reached> JoinGraph::find(const SemanticModel& start, std::span<const std::string> links,
                                     std::string_view element) const {
  std::vector<Reached> out;
  const auto own = own_links(start);
  const bool local = links.empty() || (links.size() == 1 && std::ranges::count(own, links[0]) > 0);
  if (local) {
    const Dimension* dimension = links.empty() ? nullptr : dimension_of(start, element);
    const Entity* entity = entity_of(start, element);
    if (dimension || entity) out.push_back({&start, {}, dimension, dimension ? nullptr : entity});
  }
  if (!out.empty() || links.empty()) return out;
  std::vector<Hop> way;
  int steps = kStepsMax;
  walk(start, start, links, element, way, out, steps);
  return out;
}

void JoinGraph::walk(const SemanticModel& start, const SemanticModel& at,
                     std::span<const std::string> links, std::string_view element,
                     std::vector<Hop>& way, std::vector<Reached>& out, int& steps_left) const {
  if (links.empty()) {
    const Dimension* dimension = dimension_of(at, element);
    const Entity* entity = entity_of(at, element);
    if (dimension || (entity && entity->name != way.back().to_entity->name))
      out.push_back({&at, way, dimension, dimension ? nullptr : entity});
    return;
  }
  for (const Hop& hop : hops_from(at, links.front())) {
    if (!may_step(way, start, hop)) continue;
    if (out.size() > kWaysMax || --steps_left < 0) return;
    way.push_back(hop);
    walk(start, *hop.to, links.subspan(1), element, way, out, steps_left);
    way.pop_back();
  }
}

std::vector<JoinGraph::Named> JoinGraph::reachable(const SemanticModel& start,
                                                   std::size_t hops_max) const {
  std::vector<Named> out;
  for (const Entity& entity : start.entities) out.push_back({{}, {&start, {}, nullptr, &entity}});
  for (const std::string& link : own_links(start))
    for (const Dimension& dimension : start.dimensions)
      out.push_back({{link}, {&start, {}, &dimension, nullptr}});
  std::vector<std::string> links;
  std::vector<Hop> way;
  spread(start, start, hops_max, links, way, out);
  return out;
}

void JoinGraph::spread(const SemanticModel& start, const SemanticModel& at, std::size_t hops_left,
                       std::vector<std::string>& links, std::vector<Hop>& way,
                       std::vector<Named>& out) const {
  if (hops_left == 0 || out.size() > kNamesMax) return;
  for (const Entity& entity : at.entities)
    for (const Hop& hop : hops_from(at, entity.name)) {
      if (!may_step(way, start, hop)) continue;
      links.push_back(entity.name);
      way.push_back(hop);
      for (const Dimension& dimension : hop.to->dimensions)
        out.push_back({links, {hop.to, way, &dimension, nullptr}});
      for (const Entity& other : hop.to->entities)
        if (other.name != hop.to_entity->name)
          out.push_back({links, {hop.to, way, nullptr, &other}});
      spread(start, *hop.to, hops_left - 1, links, way, out);
      way.pop_back();
      links.pop_back();
    }
}

}  // namespace loquat::semantic
