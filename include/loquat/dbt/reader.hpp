#pragma once
#include <optional>
#include <string>

#include "loquat/base/result.hpp"
#include "loquat/contracts/semantic_model.hpp"

/// dbt's artifacts -> the imported model. Pure: texts in, value out; no files, no clock.
namespace loquat::dbt {

/// Artifact texts as they were fetched. Only the manifest is needed. Without a semantic manifest
/// the manifest's own semantic models, metrics and saved queries are read.
struct Artifacts {
  std::string manifest;
  std::optional<std::string> semantic_manifest, catalog, run_results, sources;
};

/// Reads one set of artifacts. Unknown keys are fine; a part that is broken is left out and listed
/// in `problems` with its JSON pointer. Both layouts are read: measures, and metrics that bring
/// their own aggregation (one measure is made for each).
/// Errors: corrupt, if the manifest is no JSON object or of another schema version than v12.
/// Cost: linear in the texts, some ten times their size in memory: call it on a worker thread.
[[nodiscard]] Result<contracts::ProjectModel> read_project(const Artifacts& artifacts,
                                                           WallTime now);

}  // namespace loquat::dbt
