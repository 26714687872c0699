#include "compiler/builder.hpp"
#include "compiler/sql_tokens.hpp"
#include "index/words.hpp"

namespace loquat::semantic {

using contracts::Metric;
using contracts::SemanticModel;

namespace {

/// An entity or dimension of the model itself, by its plain name.
std::string own_expr(const SemanticModel& model, const std::string& name) {
  const std::string element = split_dunder(name).back();
  if (const auto* dimension = JoinGraph::dimension_of(model, element)) return dimension->expr;
  if (const auto* entity = JoinGraph::entity_of(model, element)) return entity->expr;
  return "";
}

}  // namespace

Value Builder::conversion(const Metric& metric, const Context& context, const std::string& name) {
  const auto [base, conversion] = catalogue_.sides_of(metric);
  const std::string converted = name + "_conversions";
  std::vector<Value> parts{source_value(base, context, name + "_base"),
                           conversions(metric, base, conversion, context, converted)};
  parts[1].fill = conversion.input->fill_nulls_with;
  Select* from = combine(parts, context.keys);
  if (metric.conversion->calculation == contracts::ConversionCalculation::conversions)
    return {from, parts[1].expr, name, parts[1].fill};
  const std::string type(words_.double_type());
  return {from,
          "CAST(" + parts[1].expr + " AS " + type + ") / CAST(NULLIF(" + parts[0].expr +
              ", 0) AS " + type + ")",
          name,
          {}};
}

/// Each conversion counts once, for the latest base event of the same entity within the window.
Value Builder::conversions(const Metric& metric, const Source& base, const Source& conversion,
                           const Context& context, const std::string& name) {
  const auto& how = *metric.conversion;
  const auto value_of = [&](Scope& scope, const std::string& property) {
    const std::string expr = own_expr(*scope.model, property);
    if (expr.empty())
      problem("unsupported: '" + property + "' is no entity or dimension of " + scope.model->name);
    return column_expr(*scope.model, expr.empty() ? "NULL" : expr, scope.alias, scope.qualified);
  };

  // Events are compared at the coarser of their two grains.
  const auto* base_time = time_of(base.at);
  const auto* conversion_time = time_of(conversion.at);
  const std::string_view grain = base_time && conversion_time
                                     ? name_of(std::max(base_time->grain, conversion_time->grain))
                                     : "day";
  Select& events = pool_.make(base.at.model->name + "_events");
  const auto base_filters = filters_of(base.filters, context);
  Scope of_events = open(base.at, events, context, base_filters, false);
  for (const Item& item : context.keys)
    events.keys.push_back({item.output(), item_expr(of_events, item)});
  const std::string entity = events.publish(value_of(of_events, how.entity), "converting_entity");
  const std::string period =
      events.publish(words_.truncated(grain, of_events.time), "event_period");
  const std::string moment = events.publish(of_events.time, "event_time");
  add_filters(of_events, base_filters);
  add_range(of_events, context);

  Select& done = pool_.make(conversion.at.model->name + "_conversions");
  Context bare;
  const auto own_filters = filters_of(conversion.filters, bare);
  Scope of_done = open(conversion.at, done, bare, own_filters, false);
  done.keys.push_back({"converting_entity", value_of(of_done, how.entity)});
  done.keys.push_back({"conversion_period", words_.truncated(grain, of_done.time)});
  add_filters(of_done, own_filters);
  Conditions on{events.name + "." + entity + " = " + done.name + ".converting_entity"};
  std::string apart = done.name + ".converting_entity, " + done.name + ".conversion_period";
  for (const auto& property : how.constant_properties) {
    const std::string mine = events.publish(value_of(of_events, property.base), property.base);
    const std::string theirs = "conversion_" + property.conversion;
    done.keys.push_back({theirs, value_of(of_done, property.conversion)});
    on.push_back(events.name + "." + identifier(mine) + " = " + done.name + "." +
                 identifier(theirs));
    apart += ", " + done.name + "." + identifier(theirs);
  }
  const bool distinct = conversion.at.measure->agg == contracts::Aggregation::count_distinct;
  const std::string counted = column_expr(*conversion.at.model, conversion.at.measure->expr,
                                          of_done.alias, of_done.qualified);
  done.grouped = true;
  if (distinct) {
    done.keys.push_back({"converted", counted});
    apart += ", " + done.name + ".converted";
  } else {
    done.values.push_back({"converted", aggregation(*conversion.at.measure, counted, true)});
  }
  on.push_back(events.name + "." + period + " <= " + done.name + ".conversion_period");
  if (how.window)
    on.push_back(events.name + "." + period + " > " +
                 words_.shifted(done.name + ".conversion_period", -how.window->count,
                                lower(how.window->granularity)));

  Select& matched = pool_.make("matched_" + conversion.at.model->name);
  matched.from = &done;
  matched.joins.push_back(join_select("INNER JOIN", &events, on));
  for (const Item& item : context.keys)
    matched.keys.push_back({item.output(), events.name + "." + identifier(item.output())});
  matched.values.push_back({"converted", done.name + ".converted"});
  matched.values.push_back({"nearness", "ROW_NUMBER() OVER (PARTITION BY " + apart + " ORDER BY " +
                                            events.name + "." + moment + " DESC)"});

  Select& totals = pool_.make(name);
  totals.from = &matched;
  totals.where.emplace_back("nearness = 1");
  for (const Item& item : context.keys)
    totals.keys.push_back({item.output(), identifier(item.output())});
  totals.grouped = !context.keys.empty();
  return {&totals, distinct ? "COUNT(DISTINCT converted)" : "SUM(converted)", name, {}};
}

}  // namespace loquat::semantic
