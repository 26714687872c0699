#pragma once
#include <string>
#include <utility>
#include <vector>

#include "document.hpp"

namespace loquat::dbt {

/// Semantic models, metrics, saved queries and time spines, from a semantic manifest or from the
/// manifest itself (`root` is either; their shapes are the same but for arrays and objects).
void read_semantics(const Document& root, contracts::ProjectModel& out);
/// Adds what only the manifest knows about metrics: tags and groups.
void read_metric_config(const Document& manifest, contracts::ProjectModel& out);
/// Models, seeds, snapshots, sources, tests, exposures and groups of the manifest. Semantic models
/// are linked to the nodes behind them; time spines come from the nodes if there are none yet.
void read_nodes(const Document& manifest, contracts::ProjectModel& out);
void read_catalog(const Document& catalog, contracts::ProjectModel& out);
void read_run_results(const Document& run_results, contracts::ProjectModel& out);
void read_sources(const Document& sources, contracts::ProjectModel& out);
/// When fiscal year and week start, from the metas read before; conflicts become problems.
void read_calendar(contracts::ProjectModel& out, std::vector<contracts::ImportProblem>& problems);

}  // namespace loquat::dbt
