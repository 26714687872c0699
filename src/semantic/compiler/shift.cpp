#include "compiler/builder.hpp"
#include "compiler/sql_tokens.hpp"
#include "index/words.hpp"

/// Rows moved in time before they are added up: by a window, to the start of a period, or by the
/// periods of a custom granularity.
namespace loquat::semantic {

using contracts::Grain;

/// `select` reads from a time spine, and from the rows whose time is that much before.
bool Builder::shift_rows(Select& select, const MeasureAt& at, const Context& context,
                         Scope& scope) {
  const TimeShift& shift = context.shift;
  if (!scope.own_time) {
    problem("needs_metric_time: '" + at.measure->name + "' has no time to be moved in");
    return false;
  }
  if (shift.window && !standard_grain(lower(shift.window->granularity)))
    return shift_by_custom(select, at, context, scope);
  const Grain base = spine_grain(scope.own_time->grain);
  const std::string own_time = words_.truncated(name_of(base), scope.time);
  JoinPart rows = join_relation("INNER JOIN", select.relation, at.model->name, {});
  if (!spine_relation(select, base, context, scope)) return false;
  rows.on = {shift_expr(shift, scope.time) + " = " + own_time};
  select.joins.push_back(std::move(rows));
  if (shift.to_grain.empty()) return true;
  // Of the spine only the starts of the periods that are asked for.
  std::string starts;
  for (const Item& item : time_keys(at, context)) {
    if (!item.date_part.empty()) continue;
    const CustomGrain* custom = catalogue_.custom_grain(item.grain);
    const std::string grain(custom ? std::string(name_of(custom->spine->grain)) : item.grain);
    if (standard_grain(grain) == base) return true;
    starts +=
        (starts.empty() ? "" : " OR ") + words_.truncated(grain, scope.time) + " = " + scope.time;
  }
  if (!starts.empty()) select.where.push_back(in_parentheses(starts));
  return true;
}

/// Each day of the spine and the day that stands at its place, `count` custom periods later.
Select* Builder::moved_days(const CustomGrain& custom, std::int64_t count) {
  const std::string& day = custom.spine->column;
  const std::string lead = ", " + std::to_string(count) + ") OVER (ORDER BY " + custom.column + ")";
  Select& places = pool_.make("places_in_period");
  places.relation = custom.spine->relation.rendered;
  places.values = {
      {"own_day", day},
      {"period", custom.column},
      {"place", "ROW_NUMBER() OVER (PARTITION BY " + custom.column + " ORDER BY " + day + ")"}};
  Select& edges = pool_.make("later_periods");
  edges.relation = places.relation;
  edges.grouped = true;
  edges.keys = {{"period", custom.column}};
  edges.values = {{"first_day", "LEAD(MIN(" + day + ")" + lead},
                  {"last_day", "LEAD(MAX(" + day + ")" + lead}};
  Select& moved = pool_.make("moved_days");
  moved.from = &places;
  moved.joins.push_back(
      join_select("INNER JOIN", &edges, {places.name + ".period = " + edges.name + ".period"}));
  const std::string later = words_.shifted_by(edges.name + ".first_day", places.name + ".place - 1",
                                              name_of(custom.spine->grain));
  moved.values = {{"own_day", places.name + ".own_day"},
                  {"moved_day", "CASE WHEN " + later + " <= " + edges.name + ".last_day THEN " +
                                    later + " END"}};
  return &moved;
}

bool Builder::shift_by_custom(Select& select, const MeasureAt& at, const Context& context,
                              Scope& scope) {
  const std::string grain = lower(context.shift.window->granularity);
  const CustomGrain& custom = *catalogue_.custom_grain(grain);
  const Grain base = custom.spine->grain;
  const std::string own_time = words_.truncated(name_of(base), scope.time);
  JoinPart rows = join_relation("INNER JOIN", select.relation, at.model->name, {});
  bool only_that_grain = true;
  for (const Item& item : time_keys(at, context))
    only_that_grain = only_that_grain && lower(item.grain) == grain && item.date_part.empty();
  if (only_that_grain) {  // periods are moved as a whole
    Select& later = pool_.make("later_periods");
    later.relation = custom.spine->relation.rendered;
    later.grouped = true;
    later.keys = {{"period", custom.column}};
    later.values = {{"later_period", "LEAD(" + custom.column + ", " +
                                         std::to_string(context.shift.window->count) +
                                         ") OVER (ORDER BY " + custom.column + ")"}};
    select.relation = custom.spine->relation.rendered;
    select.alias = "time_spine";
    select.joins.push_back(join_select(
        "INNER JOIN", &later, {"time_spine." + custom.column + " = " + later.name + ".period"}));
    scope.time = "time_spine." + custom.spine->column;
    rows.on = {scope.time + " = " + own_time};
    scope.has_spine_columns = true;
    scope.moved_grain = grain;
    scope.moved_period = later.name + ".later_period";
  } else {
    select.relation.clear();
    select.from = moved_days(custom, context.shift.window->count);
    select.alias = "time_spine";
    scope.time = "time_spine.moved_day";
    rows.on = {"time_spine.own_day = " + own_time};
    scope.has_spine_columns = false;
  }
  select.joins.push_back(std::move(rows));
  scope.time_grain = base;
  scope.time_is_truncated = true;
  scope.spine = custom.spine;
  if (context.start || context.end)
    select.where.push_back(range_sql(scope.time, base, true, context));
  return true;
}

}  // namespace loquat::semantic
