#pragma once
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "loquat/contracts/semantic_model.hpp"

namespace loquat::semantic {

/// One join: `from` of the model before, equal to `to_entity` of `to`. Never multiplies rows.
struct Hop {
  const contracts::Entity* from = nullptr;
  const contracts::SemanticModel* to = nullptr;
  const contracts::Entity* to_entity = nullptr;
};

/// A dimension or an entity, and the joins that lead to it from the model that was asked from.
struct Reached {
  const contracts::SemanticModel* model = nullptr;
  std::vector<Hop> hops;
  const contracts::Dimension* dimension = nullptr;
  const contracts::Entity* entity = nullptr;
};

/// Which semantic models can be joined from which, by their entities.
class JoinGraph {
 public:
  explicit JoinGraph(const contracts::ProjectModel& project);
  JoinGraph(const JoinGraph&) = delete;
  JoinGraph& operator=(const JoinGraph&) = delete;

  /// Every way from `start` along the entities `links` to `element`; more than one is ambiguous.
  /// Any number of hops: the name says the way. The search is bounded: of very many ways some.
  [[nodiscard]] std::vector<Reached> find(const contracts::SemanticModel& start,
                                          std::span<const std::string> links,
                                          std::string_view element) const;

  struct Named {
    std::vector<std::string> links;
    Reached at;
  };
  /// What stands within `hops_max` joins of `start` and is reached in one way only, each under the
  /// name it is asked by; bounded. Behind an entity that leads to one name in several ways nothing
  /// is listed, though `find` may know a way that the others cannot go.
  [[nodiscard]] std::vector<Named> reachable(const contracts::SemanticModel& start,
                                             std::size_t hops_max) const;

  /// Entities under which a model's own dimensions are named: its primary, unique and natural ones.
  [[nodiscard]] static std::vector<std::string> own_links(const contracts::SemanticModel& model);
  [[nodiscard]] static const contracts::Entity* entity_of(const contracts::SemanticModel& model,
                                                          std::string_view name);
  [[nodiscard]] static const contracts::Dimension* dimension_of(
      const contracts::SemanticModel& model, std::string_view name);
  /// The dimensions that bound a row's validity (slowly changing dimension); null if there are
  /// none.
  struct Validity {
    const contracts::Dimension* start = nullptr;
    const contracts::Dimension* end = nullptr;
  };
  [[nodiscard]] static std::optional<Validity> validity_of(const contracts::SemanticModel& model);

 private:
  [[nodiscard]] std::vector<Hop> hops_from(const contracts::SemanticModel& model,
                                           std::string_view entity) const;
  void walk(const contracts::SemanticModel& start, const contracts::SemanticModel& at,
            std::span<const std::string> links, std::string_view element, std::vector<Hop>& way,
            std::vector<Reached>& out, int& steps_left) const;
  struct Walk;
  void spread(Walk& walk, const contracts::SemanticModel& at, const contracts::Entity& entity,
              std::size_t hops_left) const;
  [[nodiscard]] static bool may_step(const std::vector<Hop>& way,
                                     const contracts::SemanticModel& start, const Hop& hop);

  std::map<std::string, std::vector<Hop>, std::less<>> targets_;  ///< by entity; from is empty
  /// What an entity's targets hold, by name in order of appearance, with who holds it. A name held
  /// by more than can be out of reach at once is ambiguous from anywhere, and left out: a large
  /// project has hundreds of models behind one entity.
  struct Behind {
    using Holders = std::vector<std::pair<std::string, std::vector<const Hop*>>>;
    Holders elements;  ///< dimensions and further entities
    Holders entities;  ///< further entities, as ways on
  };
  std::map<std::string, Behind, std::less<>> behind_;  ///< by entity
};

}  // namespace loquat::semantic
