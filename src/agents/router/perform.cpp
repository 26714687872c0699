#include <algorithm>

#include "loquat/agents/actions.hpp"

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

}  // namespace

PlanDone perform(const PlanTask& task) {
  PlanDone done;
  done.outcome = semantic::plan(*task.model->vocabulary, task.request);
  const auto* planned = std::get_if<semantic::Planned>(&done.outcome.result);
  if (planned == nullptr) return done;
  auto compiled = task.model->index->compile(planned->query, task.options);
  if (!compiled) {
    done.compile_error = compiled.error();
    return done;
  }
  done.compiled = std::move(*compiled);
  find_sources(*task.model->index, planned->query, done);
  if (!planned->query.metrics.empty())
    if (const auto* metric = task.model->index->metric(planned->query.metrics.front()))
      done.unit = metric->meta.unit;
  return done;
}

}  // namespace loquat::agents
