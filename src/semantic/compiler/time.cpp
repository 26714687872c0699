#include <algorithm>

#include "compiler/builder.hpp"
#include "compiler/sql_tokens.hpp"
#include "index/words.hpp"

namespace loquat::semantic {

using contracts::Aggregation;
using contracts::Grain;
using contracts::Metric;

namespace {

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
  scope.has_spine_columns = spine->grain == base;
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

/// The grain at which rows kept by `own` are joined to a time spine.
Grain Builder::spine_grain(Grain own) const {
  return catalogue_.spine_for(own) ? own : std::max(Grain::day, own);
}

Select* Builder::periods(const std::vector<Item>& times, const Context& context) {
  return periods(times, context, nullptr, {});
}

Select* Builder::periods(const std::vector<Item>& times, const Context& context,
                         const MeasureAt* at, const std::vector<const Filter*>& filters) {
  std::string key = "periods";
  for (const Item& item : times) key += "|" + item.output();
  for (const Filter* filter : filters) key += "|f:" + filter->text;
  if (context.start) key += "|from:" + format_date(*context.start);
  if (context.end) key += "|to:" + format_date(*context.end);
  Select*& select = shared_[key];
  if (select) return select;
  const auto finest = finest_of(times);
  Grain wanted = finest ? *standard_grain(finest->grain) : Grain::day;
  for (const Filter* filter : filters)
    for (const Item& item : filter->items)
      if (const auto grain = standard_grain(item.grain)) wanted = std::min(wanted, *grain);
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
  scope.has_spine_columns = true;
  if (at) {
    scope.model = at->model;
    scope.own_time = time_of(*at);
  }
  for (const Item& item : times)
    select->keys.push_back(
        {item.output(), time_expr(scope, item, scope.time, scope.time_grain, true)});
  if (context.start || context.end) add_range(scope, context);
  add_filters(scope, filters);
  select->grouped = !finest || spine->grain != *standard_grain(finest->grain);
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

/// Does `filter` speak of nothing but the time that the metric is aggregated by?
bool Builder::is_time_filter(const Metric& metric, const Filter& filter) const {
  const auto leaves = catalogue_.leaves_of(metric);
  return !filter.items.empty() && !leaves.empty() &&
         std::ranges::all_of(filter.items, [&](const Item& item) {
           return is_aggregation_time(catalogue_, leaves.front(), item);
         });
}

/// Finished values can be moved by whole periods that are no longer than the offset's; else the
/// time spine is moved before rows are added up. What is made of several metrics is always
/// finished first. (MetricFlow's rules, its odd ends included: weeks move by months.)
bool Builder::may_shift_after(const Metric& metric, const TimeShift& shift,
                              const Context& context) const {
  if (metric.type != contracts::MetricType::simple &&
      metric.type != contracts::MetricType::cumulative)
    return true;
  const auto finest = finest_of(time_keys(metric, context));
  const auto offset =
      standard_grain(shift.window ? lower(shift.window->granularity) : lower(shift.to_grain));
  if (!finest || !offset) return false;
  const Grain grain = *standard_grain(finest->grain);
  return grain <= *offset && !(grain == Grain::week && !shift.window);
}

Value Builder::shifted(const Metric& metric, const TimeShift& shift, const Context& context,
                       const std::string& name) {
  const std::string grain = lower(shift.window ? shift.window->granularity : shift.to_grain);
  const bool after = may_shift_after(metric, shift, context);
  const bool by_rows = !after && metric.type == contracts::MetricType::simple;
  if (!standard_grain(grain) && !(by_rows && shift.window && catalogue_.custom_grain(grain))) {
    problem("unsupported: '" + metric.name + "' is moved by the custom granularity " + grain);
    return {&pool_.make("nothing"), "NULL", name, {}};
  }
  if (after) return shifted_after(metric, shift, context, name);
  Context own = context;
  own.shift = shift;
  return metric_value(metric, own, name);
}

Value Builder::shifted_after(const Metric& metric, const TimeShift& shift, const Context& context,
                             const std::string& name) {
  const auto leaves = catalogue_.leaves_of(metric);
  const auto times = time_keys(metric, context);
  const auto finest = finest_of(times);
  if (!finest) {
    problem("unsupported: '" + metric.name + "' is moved in time and needs a standard grain");
    return {&pool_.make("nothing"), "NULL", name, {}};
  }
  Context unbounded = context;
  unbounded.start.reset();
  unbounded.end.reset();
  std::vector<const Filter*> of_time;
  std::erase_if(unbounded.filters, [&](const Filter* filter) {
    if (!is_time_filter(metric, *filter)) return false;
    of_time.push_back(filter);
    return true;
  });
  Value value = metric_value(metric, unbounded, name);
  Select* inner = value.from;
  const std::string column = inner->publish(value.expr, metric.name);
  Select* spine = periods(times, context, &leaves.front(), of_time);
  Select& out = pool_.make(name + "_shifted");
  out.from = spine;
  out.joins.push_back(
      join_select("INNER JOIN", inner,
                  {shift_expr(shift, spine->name + "." + identifier(finest->output())) + " = " +
                   inner->name + "." + identifier(finest->output())}));
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
    problem("unsupported: '" + metric.name + "' is cumulated by the custom granularity " + unit +
            ", which dbt's semantic layer has no meaning for either");
    return {&pool_.make("nothing"), "NULL", name, {}};
  }
  if (times.empty()) {  // all time: the plain total up to the end of the range
    Context own = context;
    own.start.reset();
    return source_value(source, own, name);
  }
  return cumulated(metric, source, context, name, times);
}

/// What a measure's input says about periods and groups without rows.
Value Builder::filled(Value value, const Source& source, const std::vector<Item>& times,
                      const Context& context) {
  if (source.input->join_to_timespine && !times.empty() && context.shift.empty())
    value = filled_by_spine(std::move(value), times, context);
  if (source.input->fill_nulls_with) {
    value.fill = source.input->fill_nulls_with;
    value.expr = "COALESCE(" + value.expr + ", " + plain_number(*value.fill) + ")";
  }
  return value;
}

Value Builder::cumulated(const Metric& metric, const Source& source, const Context& context,
                         const std::string& name, const std::vector<Item>& times) {
  const auto* own_time = time_of(source.at);
  const auto finest = finest_of(times);
  Grain base = spine_grain(own_time->grain);
  if (finest) base = std::min(base, *standard_grain(finest->grain));
  const Item base_item = metric_time_by(base);
  const auto filters = filters_of(source.filters, context);

  // Once a day first, where that gives the same: the join to the spine then reads far fewer rows.
  const std::string regroup(regrouping(source.at.measure->agg));
  Context daily = context;
  daily.start.reset();
  daily.keys = {base_item};
  // What holds for a time only is joined as it was at the end of the window, not day by day.
  const auto changes_over_time = [&](const Item& item) {
    const auto way = reach(catalogue_, *source.at.model, item);
    return !way || std::ranges::any_of(way->hops, [](const Hop& hop) {
      return JoinGraph::validity_of(*hop.to).has_value();
    });
  };
  bool plain = !regroup.empty() && !source.at.measure->non_additive;
  for (const Item& item : context.keys) {
    if (same_output(times, item)) continue;
    daily.keys.push_back(item);
    plain = plain && !changes_over_time(item);
  }
  for (const Filter* filter : filters)
    for (const Item& item : filter->items)
      plain = plain && !is_aggregation_time(catalogue_, source.at, item) &&
              (item.kind == Item::Kind::metric || !changes_over_time(item));

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
  if (at_base) return filled({&out, expr, name, {}}, source, times, context);

  // A coarser period shows the first (last, mean) of its days, or hours.
  out.keys.push_back({base_item.output(), scope.time});
  Context with_base = context;
  with_base.keys.push_back(base_item);
  Value every = filled({&out, expr, name, {}}, source, time_keys(source.at, with_base), with_base);
  Select* rows = every.from;
  const std::string column = rows->publish(every.expr, name);
  Select& coarse = pool_.make(name + "_by_period");
  coarse.from = rows;
  for (const Item& item : context.keys)
    coarse.keys.push_back({item.output(), identifier(item.output())});
  coarse.grouped = true;
  const std::string value = rows->name + "." + identifier(column);
  const std::string day = identifier(base_item.output());
  const std::string picked =
      metric.period_agg == contracts::PeriodAggregation::last    ? words_.last_by(value, day)
      : metric.period_agg == contracts::PeriodAggregation::first ? words_.first_by(value, day)
                                                                 : words_.average(value);
  return {&coarse, picked, name, every.fill};
}

}  // namespace loquat::semantic
