#include <algorithm>

#include "compiler/builder.hpp"
#include "compiler/sql_tokens.hpp"
#include "index/words.hpp"

namespace loquat::semantic {

using contracts::Aggregation;
using contracts::Grain;
using contracts::Metric;

namespace {

int months_in(Grain grain) {
  switch (grain) {
    case Grain::month:
      return 1;
    case Grain::quarter:
      return 3;
    case Grain::year:
      return 12;
    default:
      return 0;
  }
}

/// The finest standard grain among time keys; nothing if there are only parts and custom ones.
std::optional<Item> finest_of(const std::vector<Item>& times) {
  std::optional<Item> out;
  for (const Item& item : times) {
    const auto grain = standard_grain(item.grain);
    if (!grain || !item.date_part.empty()) continue;
    if (!out || *grain < *standard_grain(out->grain)) out = item;
  }
  return out;
}

Item metric_time_by(Grain grain) {
  Item out;
  out.kind = Item::Kind::metric_time;
  out.element = "metric_time";
  out.grain = name_of(grain);
  return out;
}

bool same_output(const std::vector<Item>& items, const Item& item) {
  return std::ranges::any_of(items, [&](const Item& one) { return one.output() == item.output(); });
}

/// What is added up over days can be added up once a day first.
std::string_view regrouping(Aggregation agg) {
  switch (agg) {
    case Aggregation::sum:
    case Aggregation::count:
    case Aggregation::sum_boolean:
      return "SUM";
    case Aggregation::min:
      return "MIN";
    case Aggregation::max:
      return "MAX";
    default:
      return "";
  }
}

}  // namespace

std::string TimeShift::text() const {
  if (window) return "by " + std::to_string(window->count) + " " + window->granularity;
  return to_grain.empty() ? "" : "to " + to_grain;
}

std::vector<Item> Builder::time_keys(const MeasureAt& at, const Context& context) const {
  std::vector<Item> out;
  for (const Item& item : context.keys)
    if (is_aggregation_time(catalogue_, at, item)) out.push_back(item);
  return out;
}

std::vector<Item> Builder::time_keys(const Metric& metric, const Context& context) const {
  const auto leaves = catalogue_.leaves_of(metric);
  return leaves.empty() ? std::vector<Item>{} : time_keys(leaves.front(), context);
}

/// Makes the time spine what `select` reads from, by `base`, within the context's range.
bool Builder::spine_relation(Select& select, Grain base, const Context& context, Scope& scope) {
  const auto* spine = catalogue_.spine_for(base);
  if (!spine) {
    problem("needs_time_spine: there is no time spine by " + std::string(name_of(base)) +
            " or finer");
    return false;
  }
  std::string column = "time_spine." + spine->column;
  select.relation = spine->relation.rendered;
  if (spine->grain != base) {
    Select& coarse = pool_.make("time_spine_by_" + std::string(name_of(base)));
    coarse.relation = spine->relation.rendered;
    coarse.distinct = true;
    coarse.keys.push_back({"period", words_.truncated(name_of(base), spine->column)});
    select.relation.clear();
    select.from = &coarse;
    column = "time_spine.period";
  }
  select.alias = "time_spine";
  scope.time = column;
  scope.time_grain = base;
  scope.time_is_truncated = true;
  scope.spine = spine;
  if (context.start || context.end) select.where.push_back(range_sql(column, base, true, context));
  return true;
}

Select* Builder::periods(const std::vector<Item>& times, const Context& context) {
  std::string key = "periods";
  for (const Item& item : times) key += "|" + item.output();
  if (context.start) key += "|from:" + format_date(*context.start);
  if (context.end) key += "|to:" + format_date(*context.end);
  Select*& select = shared_[key];
  if (select) return select;
  const auto finest = finest_of(times);
  const Grain wanted = finest ? *standard_grain(finest->grain) : Grain::day;
  const auto* spine = catalogue_.spine_for(wanted);
  select = &pool_.make("periods");
  if (!spine) {
    problem("needs_time_spine: there is no time spine by " + std::string(name_of(wanted)) +
            " or finer");
    return select;
  }
  select->relation = spine->relation.rendered;
  Scope scope;
  scope.select = select;
  scope.time = spine->column;
  scope.time_grain = spine->grain;
  scope.time_is_truncated = true;
  scope.spine = spine;
  for (const Item& item : times)
    select->keys.push_back(
        {item.output(), time_expr(scope, item, scope.time, scope.time_grain, true)});
  if (context.start || context.end) add_range(scope, context);
  select->grouped = !finest || spine->grain != wanted;
  return select;
}

/// A row for each period, the value null where there was none.
Value Builder::filled_by_spine(Value value, const std::vector<Item>& times,
                               const Context& context) {
  Select* spine = periods(times, context);
  Select* inner = value.from;
  const std::string column = inner->publish(value.expr, value.name);
  Select& out = pool_.make(value.name + "_every_period");
  const Item base = finest_of(times).value_or(times.front());
  out.from = spine;
  out.joins.push_back(join_select("LEFT JOIN", inner,
                                  {spine->name + "." + identifier(base.output()) + " = " +
                                   inner->name + "." + identifier(base.output())}));
  for (const Item& item : context.keys) {
    const Select* side = same_output(times, item) ? spine : inner;
    out.keys.push_back({item.output(), side->name + "." + identifier(item.output())});
  }
  return {&out, inner->name + "." + identifier(column), value.name, value.fill};
}

std::string Builder::shift_expr(const TimeShift& shift, const std::string& time) const {
  if (shift.window) return words_.shifted(time, -shift.window->count, shift.window->granularity);
  return words_.truncated(shift.to_grain, time);
}

/// Finished values can be moved by whole periods; else the days are moved before they are added up.
bool Builder::may_shift_after(const Metric& metric, const TimeShift& shift,
                              const Context& context) const {
  const auto finest = finest_of(time_keys(metric, context));
  const auto offset =
      standard_grain(shift.window ? lower(shift.window->granularity) : lower(shift.to_grain));
  if (!finest || !offset) return false;
  for (const Filter* filter : context.filters)
    for (const Item& item : filter->items)
      for (const MeasureAt& leaf : catalogue_.leaves_of(metric))
        if (is_aggregation_time(catalogue_, leaf, item)) return false;
  const Grain grain = *standard_grain(finest->grain);
  if (grain > *offset) return false;
  if (grain <= Grain::day || grain == *offset) return true;
  return months_in(grain) > 0 && months_in(*offset) > 0;
}

Value Builder::shifted(const Metric& metric, const TimeShift& shift, const Context& context,
                       const std::string& name) {
  const auto offset =
      standard_grain(shift.window ? lower(shift.window->granularity) : lower(shift.to_grain));
  if (!offset) {
    problem("unsupported: '" + metric.name + "' is moved by the custom granularity " +
            (shift.window ? shift.window->granularity : shift.to_grain));
    return {&pool_.make("nothing"), "NULL", name, {}};
  }
  const auto times = time_keys(metric, context);
  if (!may_shift_after(metric, shift, context)) {
    Context own = context;
    own.shift = shift;
    return metric_value(metric, own, name);
  }
  Context unbounded = context;
  unbounded.start.reset();
  unbounded.end.reset();
  Value value = metric_value(metric, unbounded, name);
  Select* inner = value.from;
  const std::string column = inner->publish(value.expr, metric.name);
  Select* spine = periods(times, context);
  const Item base = *finest_of(times);
  Select& out = pool_.make(name + "_shifted");
  out.from = spine;
  out.joins.push_back(
      join_select("INNER JOIN", inner,
                  {shift_expr(shift, spine->name + "." + identifier(base.output())) + " = " +
                   inner->name + "." + identifier(base.output())}));
  for (const Item& item : context.keys) {
    const Select* side = same_output(times, item) ? spine : inner;
    out.keys.push_back({item.output(), side->name + "." + identifier(item.output())});
  }
  return {&out, inner->name + "." + identifier(column), name, value.fill};
}

Value Builder::cumulative(const Metric& metric, const Context& context, const std::string& name) {
  const Source source = catalogue_.source_of(metric);
  const auto times = time_keys(source.at, context);
  const std::string unit = lower(metric.window ? metric.window->granularity : metric.grain_to_date);
  if (!unit.empty() && !standard_grain(unit)) {
    problem("unsupported: '" + metric.name + "' is cumulated by the custom granularity " + unit);
    return {&pool_.make("nothing"), "NULL", name, {}};
  }
  if (times.empty()) {  // all time: the plain total up to the end of the range
    Context own = context;
    own.start.reset();
    return source_value(source, own, name);
  }
  Value value = cumulated(metric, source, context, name, times);
  if (source.input->join_to_timespine) value = filled_by_spine(std::move(value), times, context);
  if (source.input->fill_nulls_with) {
    value.fill = source.input->fill_nulls_with;
    value.expr = "COALESCE(" + value.expr + ", " +
                 std::to_string(static_cast<std::int64_t>(*value.fill)) + ")";
  }
  return value;
}

Value Builder::cumulated(const Metric& metric, const Source& source, const Context& context,
                         const std::string& name, const std::vector<Item>& times) {
  const auto* own_time = time_of(source.at);
  const auto finest = finest_of(times);
  Grain base = std::max(Grain::day, own_time->grain);
  if (finest) base = std::min(base, *standard_grain(finest->grain));
  const Item base_item = metric_time_by(base);
  const auto filters = filters_of(source.filters, context);

  // Once a day first, where that gives the same: the join to the spine then reads far fewer rows.
  const std::string regroup(regrouping(source.at.measure->agg));
  Context daily = context;
  daily.start.reset();
  daily.keys = {base_item};
  bool plain = !regroup.empty() && !source.at.measure->non_additive;
  for (const Item& item : context.keys) {
    if (same_output(times, item)) continue;
    daily.keys.push_back(item);
    const auto way = reach(catalogue_, *source.at.model, item);
    plain = plain && way && std::ranges::none_of(way->hops, [](const Hop& hop) {
              return JoinGraph::validity_of(*hop.to).has_value();
            });
  }
  for (const Filter* filter : filters)
    for (const Item& item : filter->items)
      plain = plain && !is_aggregation_time(catalogue_, source.at, item);

  Select& out = pool_.make(name + "_to_date");
  Scope scope;
  std::string rows_time, expr;
  if (plain) {
    Value by_day = aggregate(source, daily, name);
    Select* inner = by_day.from;
    const std::string column = inner->publish(by_day.expr, name);
    scope.select = &out;
    scope.model = source.at.model;
    if (!spine_relation(out, base, context, scope)) return {&out, "NULL", name, {}};
    rows_time = inner->name + "." + identifier(base_item.output());
    out.joins.push_back(join_select("INNER JOIN", inner, {}));
    expr = regroup + "(" + inner->name + "." + identifier(column) + ")";
    for (const Item& item : context.keys) {
      const bool is_time = same_output(times, item);
      out.keys.push_back({item.output(), is_time ? time_expr(scope, item, scope.time, base, true)
                                                 : inner->name + "." + identifier(item.output())});
    }
  } else {
    scope = open(source.at, out, context, filters, true);
    rows_time = words_.truncated(name_of(base), scope.time);
    const JoinPart rows = join_relation("INNER JOIN", out.relation, source.at.model->name, {});
    if (!spine_relation(out, base, context, scope)) return {&out, "NULL", name, {}};
    out.joins.push_back(rows);
    for (const Item& item : context.keys)
      out.keys.push_back({item.output(), item_expr(scope, item)});
    add_filters(scope, filters);
    expr = aggregation(*source.at.measure,
                       column_expr(*source.at.model, source.at.measure->expr, scope.alias, true),
                       true);
  }
  Conditions on{rows_time + " <= " + scope.time};
  if (metric.window)
    on.push_back(
        rows_time + " > " +
        words_.shifted(scope.time, -metric.window->count, lower(metric.window->granularity)));
  else if (!metric.grain_to_date.empty())
    on.push_back(rows_time + " >= " + words_.truncated(lower(metric.grain_to_date), scope.time));
  const auto unset = std::ranges::find_if(
      out.joins, [](const JoinPart& join) { return join.kind == "INNER JOIN" && join.on.empty(); });
  unset->on = std::move(on);
  out.grouped = true;
  const bool at_base = finest && *standard_grain(finest->grain) == base;
  if (at_base) return {&out, expr, name, {}};

  // A coarser period shows the first (last, mean) of its days.
  out.keys.push_back({base_item.output(), scope.time});
  const std::string column = out.publish(expr, name);
  Select& coarse = pool_.make(name + "_by_period");
  coarse.from = &out;
  for (const Item& item : context.keys)
    coarse.keys.push_back({item.output(), identifier(item.output())});
  coarse.grouped = true;
  const std::string value = out.name + "." + identifier(column);
  const std::string day = identifier(base_item.output());
  const std::string picked =
      metric.period_agg == contracts::PeriodAggregation::last    ? words_.last_by(value, day)
      : metric.period_agg == contracts::PeriodAggregation::first ? words_.first_by(value, day)
                                                                 : "AVG(" + value + ")";
  return {&coarse, picked, name, {}};
}

}  // namespace loquat::semantic
