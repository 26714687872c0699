#include "compiler/compile.hpp"

#include <algorithm>

#include "compiler/builder.hpp"

namespace loquat::semantic {

using contracts::Aggregation;
using contracts::Column;
using contracts::ColumnRole;
using contracts::ColumnType;
using contracts::Metric;
using contracts::MetricType;

namespace {

std::string label_of_item(const Catalogue& catalogue, const ResolvedQuery& query,
                          const Item& item) {
  if (item.kind == Item::Kind::metric_time) return item.output();
  const contracts::SemanticModel* start = query.values_of;
  if (!query.metrics.empty()) {
    const auto leaves = catalogue.leaves_of(*query.metrics.front());
    start = leaves.empty() ? nullptr : leaves.front().model;
  }
  const auto way = start ? reach(catalogue, *start, item) : std::nullopt;
  if (!way) return item.output();
  const std::string& label = way->entity ? way->entity->label : way->dimension->label;
  return label.empty() ? item.output() : label;
}

ColumnType type_of_metric(const Catalogue& catalogue, const Metric& metric) {
  if (metric.type == MetricType::conversion || metric.type == MetricType::ratio)
    return ColumnType::number;
  if (metric.type != MetricType::simple) return ColumnType::number;
  switch (catalogue.source_of(metric).at.measure->agg) {
    case Aggregation::count:
    case Aggregation::count_distinct:
    case Aggregation::sum_boolean:
      return ColumnType::integer;
    default:
      return ColumnType::number;
  }
}

std::vector<Column> columns_of(const Catalogue& catalogue, const ResolvedQuery& query) {
  std::vector<Column> out;
  for (const Item& item : query.group_by) {
    const bool is_time = item.is_time() && item.date_part.empty();
    out.push_back({item.output(), label_of_item(catalogue, query, item),
                   is_time                  ? ColumnType::timestamp
                   : item.date_part.empty() ? ColumnType::text
                                            : ColumnType::integer,
                   is_time ? ColumnRole::time : ColumnRole::dimension, ""});
  }
  for (const Metric* metric : query.metrics)
    out.push_back({metric->name, metric->label.empty() ? metric->name : metric->label,
                   type_of_metric(catalogue, *metric), ColumnRole::metric, ""});
  return out;
}

Context context_of(const ResolvedQuery& query) {
  Context out;
  out.keys = query.group_by;
  for (const Filter& filter : query.where) out.filters.push_back(&filter);
  out.start = query.start;
  out.end = query.end;
  return out;
}

Select* build(Builder& builder, const ResolvedQuery& query) {
  if (query.metrics.empty()) return builder.distinct_values(query);
  const Context context = context_of(query);
  std::vector<Value> values;
  for (const Metric* metric : query.metrics)
    values.push_back(builder.metric_value(*metric, context, metric->name));
  Select* last = builder.combine(values, query.group_by);
  last->values.clear();
  for (const Value& value : values) last->values.push_back({value.name, value.expr});
  return last;
}

}  // namespace

Result<CompiledQuery> compile_query(const Catalogue& catalogue, const contracts::MetricQuery& query,
                                    const CompileOptions& options) {
  auto resolved = resolve(catalogue, query);
  if (resolved.has_error()) return resolved.error();
  Builder builder(catalogue, words_of(options.dialect));
  Statement statement;
  statement.last = build(builder, *resolved);
  if (!builder.problems().empty())
    return Error{Errc::invalid_request, builder.problems().front().message, builder.problems()};
  for (const auto& order : resolved->order_by)
    statement.order_by.push_back({order.column, order.descending});
  statement.limit = resolved->limit;
  if (options.row_limit_max > 0 && (!statement.limit || *statement.limit > options.row_limit_max))
    statement.limit = options.row_limit_max + 1;

  CompiledQuery out;
  out.sql = render(statement);
  out.columns = columns_of(catalogue, *resolved);
  Proof& proof = builder.proof();
  out.metrics = std::move(proof.metrics);
  out.semantic_models = std::move(proof.semantic_models);
  out.relations = std::move(proof.relations);
  out.source_columns = std::move(proof.source_columns);
  out.filters = std::move(proof.filters);
  out.range_start = resolved->start;
  out.range_end = resolved->end;
  for (const Column& column : out.columns)
    if (column.role == ColumnRole::time && out.time_column.empty()) out.time_column = column.name;
  return out;
}

}  // namespace loquat::semantic
