#pragma once
#include <deque>
#include <string>
#include <vector>

#include "loquat/contracts/semantic_model.hpp"

namespace loquat::semantic {

/// A metric that the project does not declare: how many rows of one kind there are. Each entity
/// that is the primary one of exactly one semantic model has one; its key is counted, each once.
struct EntityCount {
  std::string entity;
  const contracts::SemanticModel* model = nullptr;
  contracts::Measure measure;
  contracts::Metric metric;  ///< `count_of_<entity>`
};

/// The counts that can be made, none under a name that a metric or measure of the project has.
/// Rows that happen (they point to other entities, and have one date) are counted along their date;
/// what only stands there (customers, depots) has no date of its own.
[[nodiscard]] std::deque<EntityCount> entity_counts_of(const contracts::ProjectModel& project);

}  // namespace loquat::semantic
