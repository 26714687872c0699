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
// Out of reach of one walk at once: the start, where it stands, and what it came by.
constexpr std::size_t kHoldersMax = 4;

/// Collects who holds a name; very many are as good as none.
class HoldersByName {
 public:
  void add(const std::string& name, const Hop& holder) {
    const auto [found, is_new] = places_.try_emplace(name, held_.size());
    if (is_new) held_.emplace_back(name, std::vector<const Hop*>{});
    auto& holders = held_[found->second].second;
    if (holders.size() <= kHoldersMax) holders.push_back(&holder);
  }
  std::vector<std::pair<std::string, std::vector<const Hop*>>> take() {
    std::erase_if(held_, [](const auto& item) { return item.second.size() > kHoldersMax; });
    return std::move(held_);
  }

 private:
  std::map<std::string, std::size_t> places_;
  std::vector<std::pair<std::string, std::vector<const Hop*>>> held_;
};

bool leads_on(const SemanticModel& from, const Entity& entity, const Hop& hop) {
  if (hop.to == &from) return false;
  if (entity.type == EntityType::natural && hop.to_entity->type == EntityType::natural)
    return false;
  return !(JoinGraph::validity_of(from) && JoinGraph::validity_of(*hop.to));
}
}  // namespace

JoinGraph::JoinGraph(const contracts::ProjectModel& project) {
  for (const SemanticModel& model : project.semantic_models)
    for (const Entity& entity : model.entities)
      if (entity.type != EntityType::foreign)  // a join onto a foreign key would fan out
        targets_[entity.name].push_back({nullptr, &model, &entity});
  for (const auto& [name, hops] : targets_) {
    HoldersByName elements, entities;
    for (const Hop& hop : hops) {
      for (const Dimension& dimension : hop.to->dimensions) elements.add(dimension.name, hop);
      for (const Entity& other : hop.to->entities) {
        if (other.name == name) continue;
        elements.add(other.name, hop);
        entities.add(other.name, hop);
      }
    }
    behind_[name] = {elements.take(), entities.take()};
  }
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
    if (!leads_on(model, *from, hop)) continue;
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

struct JoinGraph::Walk {
  const SemanticModel& start;
  std::vector<std::string> links;
  std::vector<Hop> way;
  std::vector<Named> out;

  /// The only holder that can be gone to; null if there is none or a choice.
  [[nodiscard]] const Hop* only_one(const SemanticModel& at, const Entity& entity,
                                    const std::vector<const Hop*>& holders) const {
    const Hop* found = nullptr;
    for (const Hop* hop : holders) {
      if (!may_step(way, start, *hop) || !leads_on(at, entity, *hop)) continue;
      if (found) return nullptr;
      found = hop;
    }
    return found;
  }
};

std::vector<JoinGraph::Named> JoinGraph::reachable(const SemanticModel& start,
                                                   std::size_t hops_max) const {
  Walk walk{start, {}, {}, {}};
  for (const Entity& entity : start.entities)
    walk.out.push_back({{}, {&start, {}, nullptr, &entity}});
  for (const std::string& link : own_links(start))
    for (const Dimension& dimension : start.dimensions)
      walk.out.push_back({{link}, {&start, {}, &dimension, nullptr}});
  for (const Entity& entity : start.entities) spread(walk, start, entity, hops_max);
  return std::move(walk.out);
}

void JoinGraph::spread(Walk& walk, const SemanticModel& at, const Entity& entity,
                       std::size_t hops_left) const {
  const auto behind = behind_.find(entity.name);
  if (hops_left == 0 || walk.out.size() > kNamesMax || behind == behind_.end()) return;
  walk.links.push_back(entity.name);
  for (const auto& [name, holders] : behind->second.elements) {
    const Hop* only = walk.only_one(at, entity, holders);
    if (!only) continue;
    walk.way.push_back({&entity, only->to, only->to_entity});
    const Dimension* dimension = dimension_of(*only->to, name);
    const Entity* other = dimension ? nullptr : entity_of(*only->to, name);
    walk.out.push_back({walk.links, {only->to, walk.way, dimension, other}});
    walk.way.pop_back();
  }
  for (const auto& [name, holders] : behind->second.entities) {
    const Hop* only = hops_left > 1 ? walk.only_one(at, entity, holders) : nullptr;
    if (!only) continue;
    walk.way.push_back({&entity, only->to, only->to_entity});
    spread(walk, *only->to, *entity_of(*only->to, name), hops_left - 1);
    walk.way.pop_back();
  }
  walk.links.pop_back();
}

}  // namespace loquat::semantic
