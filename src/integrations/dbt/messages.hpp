#pragma once
#include <optional>
#include <string>
#include <vector>

#include "loquat/base/clock.hpp"
#include "loquat/base/fields.hpp"

/// Bodies of dbt's routes.
namespace loquat::dbt {

struct SyncRequest {
  std::optional<std::string> manifest_url, catalog_url, semantic_manifest_url, run_results_url,
      sources_url;
  template <class V>
  void fields(V& v) {
    v("manifest_url", manifest_url, "http(s) URL on an allowed host; absent: the configured path.",
      len(1, 2'000), format("uri"));
    v("catalog_url", catalog_url, "Likewise.", len(1, 2'000), format("uri"));
    v("semantic_manifest_url", semantic_manifest_url, "Likewise.", len(1, 2'000), format("uri"));
    v("run_results_url", run_results_url, "Likewise.", len(1, 2'000), format("uri"));
    v("sources_url", sources_url, "Likewise.", len(1, 2'000), format("uri"));
  }
};
struct Problem {
  std::string artifact, pointer, message;
  template <class V>
  void fields(V& v) {
    v("artifact", artifact, "Which file.");
    v("pointer", pointer, "JSON pointer of the place.");
    v("message", message, "What is wrong with it.");
  }
};
struct BrokenQuery {
  std::string kind, id, title, reason;
  bool is_new = false;
  template <class V>
  void fields(V& v) {
    v("kind", kind, "question, verified_answer or memory.");
    v("id", id, "Which one.");
    v("title", title, "What it is known by.");
    v("reason", reason, "Why the model in force cannot answer it.");
    v("is_new", is_new, "The model before could.");
  }
};
struct SyncResult {
  std::string version;
  bool is_changed = false;
  std::vector<std::string> added, changed, removed;
  std::vector<BrokenQuery> broken;
  std::vector<Problem> errors;
  template <class V>
  void fields(V& v) {
    v("version", version, "Content hash of the model in force.");
    v("is_changed", is_changed, "False if the artifacts were the same.");
    v("added", added, "New metrics, dimensions and models.");
    v("changed", changed, "Those whose definition differs.");
    v("removed", removed, "Those that are gone.");
    v("broken", broken, "Your stored queries that the model in force cannot answer.");
    v("errors", errors, "What could not be read and was left out.");
  }
};
struct Counts {
  std::int64_t models = 0, semantic_models = 0, metrics = 0, dimensions = 0, entities = 0,
               measures = 0, saved_queries = 0, time_spines = 0, tests = 0, exposures = 0;
  template <class V>
  void fields(V& v) {
    v("models", models, "Models, seeds, snapshots and sources.");
    v("semantic_models", semantic_models, "Semantic models.");
    v("metrics", metrics, "Metrics.");
    v("dimensions", dimensions, "Dimensions.");
    v("entities", entities, "Entities.");
    v("measures", measures, "Measures.");
    v("saved_queries", saved_queries, "Saved queries.");
    v("time_spines", time_spines, "Time spines.");
    v("tests", tests, "Data tests.");
    v("exposures", exposures, "Exposures.");
  }
};
struct SourceFreshness {
  std::string source, state;
  std::optional<WallTime> max_loaded_at;
  template <class V>
  void fields(V& v) {
    v("source", source, "Source.");
    v("state", state, "pass, warn or error.");
    v("max_loaded_at", max_loaded_at, "Newest row.");
  }
};
/// What the last sync that brought another model did to the one before.
struct LastChange {
  WallTime at{};
  std::string from_version;
  std::int64_t added_count = 0, changed_count = 0, removed_count = 0;
  std::vector<std::string> added, changed, removed;
  template <class V>
  void fields(V& v) {
    v("at", at, "When the model was swapped.");
    v("from_version", from_version, "The model before.");
    v("added_count", added_count, "New metrics, dimensions and models.");
    v("changed_count", changed_count, "Those whose definition differs.");
    v("removed_count", removed_count, "Those that are gone.");
    v("added", added, "The first 200 of the new.");
    v("changed", changed, "Likewise.");
    v("removed", removed, "Likewise.");
  }
};
struct Status {
  std::string state, version, project_name, dbt_version;
  std::optional<WallTime> generated_at, fetched_at, stale_since;
  std::optional<std::string> last_error;
  Counts counts;
  std::vector<SourceFreshness> freshness;
  std::vector<Problem> errors;
  std::vector<BrokenQuery> broken;
  std::int64_t values = 0;
  std::optional<std::string> data_start, data_end;
  std::optional<LastChange> last_change;
  template <class V>
  void fields(V& v) {
    v("state", state, "fresh, stale or empty.");
    v("version", version, "Content hash of the model in force; empty if there is none.");
    v("project_name", project_name, "dbt project.");
    v("dbt_version", dbt_version, "dbt that made the artifacts.");
    v("generated_at", generated_at, "When dbt made the manifest.");
    v("fetched_at", fetched_at, "When it was read.");
    v("stale_since", stale_since, "Since when it cannot be read anew.");
    v("last_error", last_error, "Why not.");
    v("counts", counts, "What was imported.");
    v("freshness", freshness, "Freshness of sources.");
    v("errors", errors, "What could not be read and was left out.");
    v("broken", broken, "Your stored queries that the model in force cannot answer.");
    v("values", values, "Dimension values in the vocabulary.");
    v("data_start", data_start, "First day covered by data.");
    v("data_end", data_end, "Last day covered by data.");
    v("last_change", last_change, "The last swap of models; absent since the first one.");
  }
};

}  // namespace loquat::dbt
