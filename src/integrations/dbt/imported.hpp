#pragma once
#include <memory>
#include <vector>

#include "breakage.hpp"
#include "diff.hpp"
#include "fetch.hpp"
#include "loquat/semantic/model_index.hpp"
#include "messages.hpp"

namespace loquat::dbt {

/// What the worker pool makes of one set of artifacts.
struct Imported {
  std::shared_ptr<const contracts::ProjectModel> project;
  std::shared_ptr<const semantic::ModelIndex> index;
  std::vector<contracts::ImportProblem> problems;
  ModelDiff diff;
  Counts counts;
  std::vector<SourceFreshness> freshness;
};

/// Reads, indexes and compares. `before` may be nullptr. For a worker thread.
[[nodiscard]] Result<Imported> import_artifacts(const Fetched& fetched,
                                                const contracts::ProjectModel* before);

// What is shown of it; long lists are cut.
[[nodiscard]] std::vector<Problem> to_wire(const std::vector<contracts::ImportProblem>& problems);
/// Only what is `tenant`'s own.
[[nodiscard]] std::vector<BrokenQuery> to_wire(const std::vector<Breakage>& broken,
                                               const std::string& tenant);
/// The names that people look for first: what is gone, then what differs.
[[nodiscard]] std::string first_names(const ModelDiff& diff);

}  // namespace loquat::dbt
