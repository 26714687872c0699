#include "imported.hpp"

#include "reader/read_trimmed.hpp"

namespace loquat::dbt {
namespace {

constexpr std::size_t kShownMax = 200;
constexpr std::size_t kNamesLogged = 20;

Counts count(const contracts::ProjectModel& project) {
  Counts out;
  out.models = static_cast<std::int64_t>(project.nodes.size());
  out.semantic_models = static_cast<std::int64_t>(project.semantic_models.size());
  out.metrics = static_cast<std::int64_t>(project.metrics.size());
  out.saved_queries = static_cast<std::int64_t>(project.saved_queries.size());
  out.time_spines = static_cast<std::int64_t>(project.time_spines.size());
  out.exposures = static_cast<std::int64_t>(project.exposures.size());
  for (const auto& model : project.semantic_models) {
    out.dimensions += static_cast<std::int64_t>(model.dimensions.size());
    out.entities += static_cast<std::int64_t>(model.entities.size());
    out.measures += static_cast<std::int64_t>(model.measures.size());
  }
  for (const auto& [_, node] : project.nodes)
    out.tests += static_cast<std::int64_t>(node.tests.size());
  return out;
}

std::vector<SourceFreshness> freshness_of(const contracts::ProjectModel& project) {
  std::vector<SourceFreshness> out;
  for (const auto& [_, node] : project.nodes)
    if (!node.freshness_state.empty() && out.size() < kShownMax)
      out.push_back({node.name, node.freshness_state, node.max_loaded_at});
  return out;
}

}  // namespace

Result<Imported> import_artifacts(const Fetched& fetched, const contracts::ProjectModel* before) {
  auto read = read_trimmed(fetched.artifacts.texts, fetched.artifacts.fetched_at);
  if (!read) return read.error();
  Imported out;
  out.project = std::make_shared<const contracts::ProjectModel>(std::move(*read));
  out.problems = fetched.problems;
  const auto& found = out.project->problems;
  out.problems.insert(out.problems.end(), found.begin(), found.end());
  out.index = semantic::ModelIndex::build(out.project, out.problems);
  out.diff = diff_models(before, *out.project);
  out.counts = count(*out.project);
  out.freshness = freshness_of(*out.project);
  return out;
}

std::vector<Problem> to_wire(const std::vector<contracts::ImportProblem>& problems) {
  std::vector<Problem> out;
  for (const auto& problem : problems) {
    if (out.size() == kShownMax) break;
    out.push_back({problem.artifact, problem.pointer, problem.message});
  }
  return out;
}

/// Only what is `tenant`'s own.
std::vector<BrokenQuery> to_wire(const std::vector<Breakage>& broken, const std::string& tenant) {
  std::vector<BrokenQuery> out;
  for (const auto& one : broken) {
    if (out.size() == kShownMax) break;
    if (one.tenant_id == tenant)
      out.push_back({one.kind, one.id, one.title, one.reason, one.is_new});
  }
  return out;
}

/// The names that people look for first: what is gone, then what differs.
std::string first_names(const ModelDiff& diff) {
  std::string out;
  std::size_t count = 0;
  for (const auto* names : {&diff.removed, &diff.changed})
    for (const auto& name : *names)
      if (count++ < kNamesLogged) out += (out.empty() ? "" : ", ") + name;
  return out;
}

}  // namespace loquat::dbt
