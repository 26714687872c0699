#pragma once
#include "place.hpp"

namespace loquat::dbt {

/// Semantic models, metrics, saved queries and time spines, from a semantic manifest or from the
/// manifest itself (`root` is either; their shapes are the same but for arrays and objects).
void read_semantics(const Place& root, contracts::ProjectModel& out);
/// Adds what only the manifest knows about metrics: tags and groups.
void read_metric_config(const Place& manifest, contracts::ProjectModel& out);
/// Models, seeds, snapshots, sources, tests, exposures and groups of the manifest.
void read_nodes(const Place& manifest, contracts::ProjectModel& out);
/// Time spines as the manifest's models declare them; for when there is no semantic manifest.
void read_spines_of_nodes(const Place& manifest, contracts::ProjectModel& out);
void read_catalog(const Place& catalog, contracts::ProjectModel& out);
void read_run_results(const Place& run_results, contracts::ProjectModel& out);
void read_sources(const Place& sources, contracts::ProjectModel& out);

}  // namespace loquat::dbt
