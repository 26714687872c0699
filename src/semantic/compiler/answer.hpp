#pragma once
#include <vector>

#include "compiler/builder.hpp"
#include "loquat/contracts/metric_query.hpp"
#include "loquat/contracts/result_set.hpp"

namespace loquat::semantic {

/// Is anything asked for beyond the finished rows of the metrics?
[[nodiscard]] bool has_transforms(const contracts::MetricQuery& query);

/// What is wrong with the wishes about the finished rows: one issue per wrong item.
[[nodiscard]] std::vector<FieldIssue> check_transforms(const contracts::MetricQuery& query,
                                                       const ResolvedQuery& resolved);

/// Puts the wishes around `rows`, the select of the query's metrics: gaps filled, comparison,
/// shares and running totals, having, top per group. `columns` gets what is added.
[[nodiscard]] Select* transform(Builder& builder, const contracts::MetricQuery& query,
                                const ResolvedQuery& resolved, const Catalogue& catalogue,
                                Select* rows, std::vector<contracts::Column>& columns);

/// A select of all metrics of the query; its values are named as they are.
[[nodiscard]] Select* select_metrics(Builder& builder, const ResolvedQuery& query,
                                     const std::string& suffix);

[[nodiscard]] Date first_of_period(Date date, contracts::Grain grain);
[[nodiscard]] Date last_of_period(Date date, contracts::Grain grain);

}  // namespace loquat::semantic
