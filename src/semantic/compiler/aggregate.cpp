#include <algorithm>

#include "compiler/builder.hpp"
#include "compiler/sql_tokens.hpp"

namespace loquat::semantic {

using contracts::Aggregation;
using contracts::Measure;

namespace {

std::string key_of(const char* kind, const MeasureAt& at, const std::vector<Item>& keys,
                   const std::vector<const Filter*>& filters, const Context& context) {
  std::string out = std::string(kind) + "|" + at.model->name + "|" + at.measure->agg_time_dimension;
  for (const Item& item : keys) out += "|k:" + item.output();
  for (const Filter* filter : filters) out += "|f:" + filter->text;
  if (context.start) out += "|from:" + format_date(*context.start);
  if (context.end) out += "|to:" + format_date(*context.end);
  return out + "|" + context.shift.text();
}

}  // namespace

std::string Builder::aggregation(const Measure& measure, const std::string& expr,
                                 bool grouped) const {
  switch (measure.agg) {
    case Aggregation::sum:
      return "SUM(" + expr + ")";
    case Aggregation::min:
      return "MIN(" + expr + ")";
    case Aggregation::max:
      return "MAX(" + expr + ")";
    case Aggregation::average:
      return words_.average(expr);
    case Aggregation::count:  // nothing found at all: null, as dbt's semantic layer has it
      return grouped ? "COUNT(" + expr + ")"
                     : "SUM(CASE WHEN " + expr + " IS NOT NULL THEN 1 ELSE 0 END)";
    case Aggregation::count_distinct:
      return "COUNT(DISTINCT " + expr + ")";
    case Aggregation::sum_boolean:
      return "SUM(CASE WHEN " + expr + " THEN 1 ELSE 0 END)";
    case Aggregation::median:
      return words_.median(expr);
    case Aggregation::percentile:
      return words_.percentile(expr, measure);
  }
  return "NULL";
}

Value Builder::aggregate(const Source& source, const Context& context, const std::string& name) {
  if (source.at.measure->non_additive) return semi_additive(source, context, name);
  const auto filters = filters_of(source.filters, context);
  Select*& select = shared_[key_of("rows", source.at, context.keys, filters, context)];
  if (!select) {
    select = &pool_.make(source.at.model->name + "_totals");
    Scope scope = open(source.at, *select, context, filters, !context.shift.empty());
    if (!context.shift.empty() && !shift_rows(*select, source.at, context, scope))
      return {select, "NULL", name, {}};
    for (const Item& item : context.keys)
      select->keys.push_back({item.output(), item_expr(scope, item)});
    add_filters(scope, filters);
    if (context.shift.empty()) add_range(scope, context);
    select->grouped = !context.keys.empty();
    scopes_.emplace(select, std::move(scope));
  }
  Scope& scope = scopes_.at(select);
  const std::string expr =
      column_expr(*source.at.model, source.at.measure->expr, scope.alias, scope.qualified);
  return {select, aggregation(*source.at.measure, expr, !context.keys.empty()), name, {}};
}

/// Only the rows of the last (first) date of each period count.
Value Builder::semi_additive(const Source& source, const Context& context,
                             const std::string& name) {
  const auto& over = *source.at.measure->non_additive;
  const auto* date = JoinGraph::dimension_of(*source.at.model, over.name);
  if (!date) {
    problem("unknown_group_by: '" + over.name + "' is no time dimension of " +
            source.at.model->name);
    return {&pool_.make("nothing"), "NULL", name, {}};
  }
  const auto filters = filters_of(source.filters, context);
  Select& rows = pool_.make(source.at.model->name + "_rows");
  Scope scope = open(source.at, rows, context, filters, false);
  for (const Item& item : context.keys)
    rows.keys.push_back({item.output(), item_expr(scope, item)});
  add_filters(scope, filters);
  add_range(scope, context);
  const auto own = [&](const std::string& expr) {
    return column_expr(*source.at.model, expr, scope.alias, scope.qualified);
  };
  const std::string day = rows.publish(words_.truncated(name_of(date->grain), own(date->expr)),
                                       over.name + "__" + std::string(name_of(date->grain)));

  Select& edge = pool_.make(std::string(over.first ? "first_" : "last_") + over.name);
  edge.from = &rows;
  edge.grouped = true;
  Conditions on{rows.name + "." + identifier(day) + " = " + edge.name + "." + identifier(day)};
  for (const std::string& grouping : over.window_groupings) {
    const auto* entity = JoinGraph::entity_of(*source.at.model, grouping);
    const auto* dimension = JoinGraph::dimension_of(*source.at.model, grouping);
    if (!entity && !dimension) continue;
    const std::string column = rows.publish(own(entity ? entity->expr : dimension->expr), grouping);
    edge.keys.push_back({column, identifier(column)});
    on.push_back(rows.name + "." + identifier(column) + " = " + edge.name + "." +
                 identifier(column));
  }
  for (const Item& item : time_keys(source.at, context))
    edge.keys.push_back({item.output(), identifier(item.output())});
  edge.values.push_back({day, (over.first ? "MIN(" : "MAX(") + identifier(day) + ")"});
  const std::string measured = rows.publish(own(source.at.measure->expr), name + "_value");

  Select& totals = pool_.make(source.at.model->name + "_totals");
  totals.from = &rows;
  totals.joins.push_back(join_select("INNER JOIN", &edge, on));
  for (const Item& item : context.keys)
    totals.keys.push_back({item.output(), rows.name + "." + identifier(item.output())});
  totals.grouped = !context.keys.empty();
  return {&totals,
          aggregation(*source.at.measure, rows.name + "." + identifier(measured),
                      !context.keys.empty()),
          name,
          {}};
}

Value Builder::source_value(const Source& source, const Context& context, const std::string& name) {
  return filled(aggregate(source, context, name), source, time_keys(source.at, context), context);
}

Select* Builder::combine(std::vector<Value>& values, const std::vector<Item>& keys) {
  std::vector<Select*> parts;
  for (const Value& value : values)
    if (std::ranges::count(parts, value.from) == 0) parts.push_back(value.from);
  if (parts.size() == 1) return parts.front();
  std::string key = "joined";
  for (const Select* part : parts) key += "|" + part->name;
  Select*& select = shared_[key];
  if (!select) {
    select = &pool_.make("all_groups");
    std::string columns;
    for (const Item& item : keys) {
      const std::string column = identifier(item.output());
      columns += (columns.empty() ? "" : ", ") + column;
      select->keys.push_back({item.output(), column});
    }
    select->grouped = !keys.empty();  // so that null groups fall together
    select->from = parts.front();
    for (std::size_t i = 1; i < parts.size(); ++i)
      select->joins.push_back(join_groups(parts[i], columns));
  }
  for (Value& value : values) {
    const std::string column =
        value.from->name + "." + identifier(value.from->publish(value.expr, value.name));
    value.from = select;
    value.expr = keys.empty() ? column : "MAX(" + column + ")";
    if (value.fill) value.expr = "COALESCE(" + value.expr + ", " + plain_number(*value.fill) + ")";
  }
  return select;
}

}  // namespace loquat::semantic
