#pragma once
#include <optional>
#include <string>
#include <vector>

#include "index/catalogue.hpp"
#include "loquat/base/result.hpp"
#include "loquat/contracts/metric_query.hpp"

namespace loquat::semantic {

/// A query whose every name is known to be there and reachable for every metric.
struct ResolvedQuery {
  std::vector<const contracts::Metric*> metrics;
  std::vector<Item> group_by;  ///< in output order: times, entities, categorical
  std::vector<Filter> where;
  struct Order {
    std::string column;
    bool descending = false;
  };
  std::vector<Order> order_by;
  std::optional<std::int64_t> limit;
  std::optional<Date> start, end;                       ///< widened to whole periods
  const contracts::SemanticModel* values_of = nullptr;  ///< no metrics: the model that is read
};

/// Checks `query` against the model. Errors: invalid_request with one issue per wrong item; an
/// issue's message starts with its kind, e.g. `unknown_metric: …`.
[[nodiscard]] Result<ResolvedQuery> resolve(const Catalogue& catalogue,
                                            const contracts::MetricQuery& query);

/// The way from `start` to an item; nothing if there is none. `metric_time` and metrics have none.
[[nodiscard]] std::optional<Reached> reach(const Catalogue& catalogue,
                                           const contracts::SemanticModel& start, const Item& item);

/// An item as a metric filter's group_by or a query's group_by names it. Empty: cannot be read.
[[nodiscard]] std::optional<Item> read_item(const Catalogue& catalogue, const std::string& text,
                                            std::string& problem);

/// Is `item` the time by which `measure` is aggregated, under its own name or as metric_time?
[[nodiscard]] bool is_aggregation_time(const Catalogue& catalogue, const MeasureAt& at,
                                       const Item& item);
/// The measure's time dimension; null if it has none.
[[nodiscard]] const contracts::Dimension* time_of(const MeasureAt& at);

}  // namespace loquat::semantic
