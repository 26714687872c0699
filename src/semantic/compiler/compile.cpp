#include "compiler/compile.hpp"

#include <algorithm>

#include "compiler/answer.hpp"
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

std::optional<Error> refusal_of(const contracts::RowFilter& filter) {
  if (!filter.values.empty() && filter.missing.empty()) return std::nullopt;
  return fail(Errc::forbidden,
              "Rows are filtered by " + filter.dimension + ", and you bring no value for it" +
                  (filter.missing.empty() ? "." : ": " + filter.missing + " is missing."));
}

}  // namespace

Result<std::string> compile_values(const Catalogue& catalogue, const DimensionInfo& dimension,
                                   std::string_view search, std::int64_t limit,
                                   const CompileOptions& options) {
  for (const auto& filter : options.row_filters)
    if (auto refusal = refusal_of(filter)) return *refusal;
  const auto& models = catalogue.project().semantic_models;
  const auto model =
      std::ranges::find(models, dimension.semantic_model, &contracts::SemanticModel::name);
  if (model == models.end())
    return fail(Errc::not_found, "There is no dimension " + dimension.name + ".");
  Builder builder(catalogue, words_of(options.dialect, catalogue.project().week_starts_on),
                  options.row_filters);
  Statement statement;
  statement.last = builder.values_of(*model, dimension.expr, search);
  if (!builder.forbidden().empty()) return fail(Errc::forbidden, builder.forbidden());
  if (!builder.problems().empty())
    return fail(Errc::invalid_request, builder.problems().front().message);
  statement.order_by = {{"occurrences", true}, {"value", false}};
  statement.limit = std::max<std::int64_t>(limit, 0);
  return render(statement);
}

Result<CompiledQuery> compile_query(const Catalogue& catalogue, const contracts::MetricQuery& query,
                                    const CompileOptions& options) {
  auto resolved = resolve(catalogue, query);
  if (resolved.has_error()) return resolved.error();
  const bool transformed = has_transforms(query);
  if (transformed)
    if (auto issues = check_transforms(query, *resolved); !issues.empty())
      return Error{Errc::invalid_request, issues.front().message, std::move(issues)};
  for (const auto& filter : options.row_filters)
    if (auto refusal = refusal_of(filter)) return *refusal;
  std::optional<PlanNotes> notes;
  if (options.with_plan) notes.emplace(catalogue);
  Builder builder(catalogue, words_of(options.dialect, catalogue.project().week_starts_on),
                  options.row_filters, notes ? &*notes : nullptr);
  CompiledQuery out;
  out.columns = columns_of(catalogue, *resolved);
  Statement statement;
  statement.last = resolved->metrics.empty() ? builder.distinct_values(*resolved)
                                             : select_metrics(builder, *resolved, "");
  if (transformed)
    statement.last = transform(builder, query, *resolved, catalogue, statement.last, out.columns);
  if (!builder.forbidden().empty()) return fail(Errc::forbidden, builder.forbidden());
  if (!builder.problems().empty())
    return Error{Errc::invalid_request, builder.problems().front().message, builder.problems()};
  for (const auto& order : resolved->order_by)
    statement.order_by.push_back({order.column, order.descending});
  statement.limit = resolved->limit;
  if (options.row_limit_max > 0 && (!statement.limit || *statement.limit > options.row_limit_max))
    statement.limit = options.row_limit_max + 1;

  out.sql = render(statement);
  if (notes)
    out.plan = std::make_shared<const contracts::QueryPlan>(
        notes->plan(*resolved, statement, options.row_filters));
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
