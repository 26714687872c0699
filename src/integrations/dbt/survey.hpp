#pragma once
#include <memory>

#include "loquat/base/sources.hpp"
#include "loquat/contracts/ports.hpp"
#include "loquat/dbt/config.hpp"
#include "loquat/runtime/runtime.hpp"
#include "loquat/semantic/planner.hpp"

namespace loquat::dbt {

/// What the data says that the model does not: values of its dimensions, and the period it covers.
struct Survey {
  semantic::DimensionValues values;
  std::optional<Date> data_start, data_end;
  std::int64_t value_count = 0;
  bool is_complete = true;  ///< false: the engine was away, or too slow, and did not say all
};
/// Asks the engine, one bounded query a dimension; columns that are, or might be, personal data are
/// left out. Ends at `until`, with what was read by then.
[[nodiscard]] contracts::Task<Survey> survey(const DbtConfig& config,
                                             contracts::QueryEngine& engine,
                                             const contracts::ColumnTags& tags, Sources sources,
                                             runtime::WorkerPool& workers,
                                             std::shared_ptr<const semantic::ModelIndex> index,
                                             Time until = runtime::kNever);
/// Only the values, as callers with these row filters may see them. A dimension whose own relation
/// cannot be joined to a filter's has those values that stand beside visible rows of a metric.
[[nodiscard]] contracts::Task<Survey> survey_values(
    const DbtConfig& config, contracts::QueryEngine& engine, const contracts::ColumnTags& tags,
    Sources sources, runtime::WorkerPool& workers,
    std::shared_ptr<const semantic::ModelIndex> index,
    std::vector<contracts::RowFilter> row_filters, Time until = runtime::kNever);

}  // namespace loquat::dbt
