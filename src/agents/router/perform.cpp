#include <algorithm>

#include "loquat/agents/actions.hpp"
#include "loquat/agents/assist.hpp"

namespace loquat::agents {
namespace {

/// `customer__segment` of `customer__segment`; `metric_time` of `metric_time__month`.
bool is_column_of(const std::string& column, const semantic::DimensionInfo& dimension) {
  if (column == dimension.name) return true;
  return dimension.is_time && column.starts_with(dimension.name + "__");
}

void find_sources(const semantic::ModelIndex& index, const contracts::MetricQuery& query,
                  PlanDone& done) {
  const auto dimensions = index.dimensions_for(query.metrics);
  if (!dimensions) return;
  for (std::size_t i = 0; i < done.compiled->columns.size(); ++i) {
    const auto& column = done.compiled->columns[i];
    if (column.role != contracts::ColumnRole::dimension) continue;
    const auto found = std::ranges::find_if(
        *dimensions, [&](const auto& dimension) { return is_column_of(column.name, dimension); });
    if (found == dimensions->end()) continue;
    done.sources.push_back({i, found->relation, found->expr,
                            found->personal_data ? std::optional<bool>(true) : std::nullopt});
  }
}

/// What people taught for this question takes the place of what was planned.
void use_learnt(const PlanTask& task, PlanDone& done) {
  if (!task.learnt || task.learnt->vocabulary != task.model->vocabulary) return;
  auto use = find_learnt(*task.learnt, task.request, done.outcome);
  if (!use) return;
  constexpr double kVerified = 0.97, kMemory = 0.9;
  const bool is_verified = use->kind == contracts::LearntKind::verified;
  semantic::Planned planned;
  planned.query = use->query;
  planned.time_phrase = use->time_phrase;
  done.outcome.interpretation =
      semantic::interpret(*task.model->index, use->query, use->time_phrase) +
      (is_verified ? " (verified answer" : " (learnt from corrections") +
      (use->is_variant ? ", with this question's values)" : ")");
  done.outcome.confidence = is_verified ? kVerified : kMemory;
  done.outcome.result = std::move(planned);
  done.learnt = std::move(use);
}

/// A proposal that holds takes the place of what the planner was not sure of.
void use_proposal(const PlanTask& task, PlanDone& done) {
  constexpr double kConfidence = 0.6;
  done.outcome = *task.unsure;
  if (task.proposal.empty()) return;
  auto query = read_proposal(*task.model, task.request.question, task.request.today, task.proposal);
  if (!query) {
    done.assist_problem = query.error().detail;
    return;
  }
  // The planner read it so too: its own words and confidence stand.
  const auto* sure = std::get_if<semantic::Planned>(&done.outcome.result);
  if (sure != nullptr && sure->query == *query) return;
  semantic::Planned planned;
  planned.query = std::move(*query);
  done.outcome.interpretation = semantic::interpret(*task.model->index, planned.query, "") +
                                " (read with the help of a language model)";
  done.outcome.confidence = kConfidence;
  done.outcome.result = std::move(planned);
  done.is_assisted = true;
}

/// Conditions beyond these are not tried one by one.
constexpr std::size_t kProbesMax = 5;

void add_probes(const PlanTask& task, const contracts::MetricQuery& query, PlanDone& done) {
  contracts::MetricQuery plain = query;
  plain.order_by.clear();
  plain.comparison.reset();
  plain.shares.clear();
  plain.running_totals.clear();
  plain.top_per_group.reset();
  plain.having.clear();
  plain.fill_time_gaps = false;
  plain.limit.reset();
  const auto add = [&](std::string left_out, const contracts::MetricQuery& probe) {
    if (done.probes.size() == kProbesMax) return;
    auto compiled = task.model->index->compile(probe, task.options);
    if (compiled) done.probes.push_back({std::move(left_out), std::move(*compiled), probe});
  };
  if (!query.having.empty()) add("the limit on the figures", plain);
  for (std::size_t i = 0; i < query.where.size(); ++i) {
    const std::string words = semantic::filter_in_words(*task.model->index, query, i);
    if (words.empty()) continue;
    contracts::MetricQuery probe = plain;
    probe.where.erase(probe.where.begin() + static_cast<std::ptrdiff_t>(i));
    add("the condition \"" + words + "\"", probe);
  }
  if (query.start_time || query.end_time) {
    contracts::MetricQuery probe = plain;
    probe.start_time.reset();
    probe.end_time.reset();
    add("the period", probe);
  }
}

}  // namespace

PlanDone perform(const PlanTask& task) {
  PlanDone done;
  if (task.unsure) {
    use_proposal(task, done);
  } else {
    done.outcome = semantic::plan(*task.model->vocabulary, task.request);
    use_learnt(task, done);
  }
  const auto* planned = std::get_if<semantic::Planned>(&done.outcome.result);
  if (planned == nullptr) return done;
  auto compiled = task.model->index->compile(planned->query, task.options);
  if (!compiled) {
    done.compile_error = compiled.error();
    return done;
  }
  done.compiled = std::move(*compiled);
  find_sources(*task.model->index, planned->query, done);
  add_probes(task, planned->query, done);
  if (!planned->query.metrics.empty())
    if (const auto* metric = task.model->index->metric(planned->query.metrics.front()))
      done.unit = metric->meta.unit;
  return done;
}

}  // namespace loquat::agents
