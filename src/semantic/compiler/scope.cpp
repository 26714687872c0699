#include <algorithm>
#include <chrono>

#include "compiler/builder.hpp"
#include "compiler/sql_tokens.hpp"
#include "index/words.hpp"

namespace loquat::semantic {

using contracts::Dimension;
using contracts::Grain;
using contracts::SemanticModel;

namespace {

bool looks_like_time(std::string_view literal) {
  // '2024-01-01…'
  return literal.size() >= 12 && literal[5] == '-' && literal[8] == '-' &&
         literal.substr(1, 4).find_first_not_of("0123456789") == std::string_view::npos;
}

std::string with_time_literals(const std::string& sql, const DialectWords& words) {
  std::string out;
  for (const SqlToken& token : tokenize_sql(sql)) {
    if (token.kind == SqlToken::Kind::string && looks_like_time(token.text))
      out += words.time_literal(token.text);
    else
      out += token.text;
  }
  return out;
}

std::string trimmed(std::string text) {
  const auto blank = [](unsigned char c) { return std::isspace(c) != 0; };
  while (!text.empty() && blank(text.back())) text.pop_back();
  text.erase(text.begin(), std::ranges::find_if_not(text, blank));
  return text;
}

bool has_loose_or(const std::string& sql) {
  return std::ranges::any_of(tokenize_sql(sql), [](const SqlToken& token) {
    return token.kind == SqlToken::Kind::word && lower(token.text) == "or";
  });
}

std::string way_name(const Reached& way, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += (i == 0 ? "" : "__") + way.hops[i].to_entity->name;
  return out;
}

}  // namespace

void Builder::note(std::vector<std::string>& list, const std::string& value) {
  if (std::ranges::count(list, value) == 0) list.push_back(value);
}

void Builder::problem(std::string message) {
  problems_.push_back({"/metrics", std::move(message)});
}

Scope Builder::open_model(const SemanticModel& model, Select& select, bool qualified) {
  note(proof_.semantic_models, model.name);
  note(proof_.relations, model.relation.rendered);
  for (const Policy& policy : policies_for(model))
    qualified = qualified || !policy.way.hops.empty();
  select.relation = model.relation.rendered;
  select.alias = qualified ? model.name : "";
  Scope scope;
  scope.select = &select;
  scope.model = &model;
  scope.alias = identifier(model.name);
  scope.qualified = qualified;
  scope.is_unfiltered = true;
  return scope;
}

bool Builder::needs_joins(const MeasureAt& at, const Item& item) const {
  if (item.kind == Item::Kind::metric || catalogue_.custom_grain(item.grain)) return true;
  if (item.kind == Item::Kind::metric_time) return false;
  const auto way = reach(catalogue_, *at.model, item);
  return way && !way->hops.empty();
}

Scope Builder::open(const MeasureAt& at, Select& select, const Context& context,
                    const std::vector<const Filter*>& filters, bool force_qualified) {
  const auto joins = [&](const Item& item) { return needs_joins(at, item); };
  bool qualified = force_qualified || std::ranges::any_of(context.keys, joins);
  for (const Filter* filter : filters)
    qualified = qualified || std::ranges::any_of(filter->items, joins);
  Scope scope = open_model(*at.model, select, qualified);
  scope.own_time = time_of(at);
  if (scope.own_time) {
    scope.time = column_expr(*at.model, scope.own_time->expr, scope.alias, scope.qualified);
    scope.time_grain = scope.own_time->grain;
  }
  if (notes_) notes_->read(select, *at.model, scope.time);
  return scope;
}

std::string Builder::column_expr(const SemanticModel& model, const std::string& expr,
                                 const std::string& alias, bool is_qualified) {
  const auto* columns = catalogue_.columns_of(model);
  for (const std::string& word : column_words(expr))
    if (!columns || columns->contains(lower(word)))
      note(proof_.source_columns, model.relation.rendered + "." + word);
  if (!is_qualified) return expr;
  if (!columns) return qualify(expr, alias, {});
  return qualify(expr, alias, [&](std::string_view word) { return columns->contains(word); });
}

std::string Builder::item_expr(Scope& scope, Item item) {
  if (item.kind == Item::Kind::metric) return metric_filter_expr(scope, item);
  if (item.kind == Item::Kind::metric_time) {
    if (scope.time.empty()) {
      problem("unreachable_group_by: there is no time to aggregate by");
      return "NULL";
    }
    if (item.grain.empty() && item.date_part.empty())
      item.grain = name_of(std::max(Grain::day, scope.time_grain));
    return time_expr(scope, item, scope.time, scope.time_grain, scope.time_is_truncated);
  }
  const auto way = reach(catalogue_, *scope.model, item);
  if (!way) {
    problem("unknown_filter_item: '" + item.path_name() + "' cannot be reached from " +
            scope.model->name);
    return "NULL";
  }
  const std::string alias = join_way(scope, *way);
  if (way->entity) return column_expr(*way->model, way->entity->expr, alias, scope.qualified);
  if (way->dimension->type == contracts::DimensionType::categorical)
    return column_expr(*way->model, way->dimension->expr, alias, scope.qualified);
  if (item.grain.empty() && item.date_part.empty()) item.grain = name_of(way->dimension->grain);
  if (scope.spine && way->hops.empty() && way->dimension == scope.own_time)
    return time_expr(scope, item, scope.time, scope.time_grain, scope.time_is_truncated);
  return time_expr(scope, item,
                   column_expr(*way->model, way->dimension->expr, alias, scope.qualified),
                   way->dimension->grain, false);
}

std::string Builder::time_expr(Scope& scope, const Item& item, const std::string& raw, Grain grain,
                               bool truncated) {
  if (!item.date_part.empty()) return words_.extracted(item.date_part, raw);
  const auto wanted = standard_grain(item.grain);
  if (!wanted) return custom_grain_expr(scope, item, raw);
  return truncated && *wanted == grain ? raw : words_.truncated(item.grain, raw);
}

std::string Builder::custom_grain_expr(Scope& scope, const Item& item, const std::string& raw) {
  const CustomGrain* custom = catalogue_.custom_grain(item.grain);
  const auto& spine = *custom->spine;
  if (raw == scope.time && !scope.moved_grain.empty() && lower(item.grain) == scope.moved_grain)
    return scope.moved_period;
  if (scope.spine == &spine && scope.has_spine_columns && raw == scope.time)
    return scope.time.substr(0, scope.time.find('.') + 1) + custom->column;
  const std::string alias = "time_spine_of_" + item.path_name();
  const bool joined =
      std::ranges::any_of(scope.joined, [&](const auto& one) { return one.first == alias; });
  if (!joined) {
    scope.joined.emplace_back(alias, alias);
    scope.select->joins.push_back(join_relation("LEFT JOIN", spine.relation.rendered, alias,
                                                {words_.truncated(name_of(spine.grain), raw) +
                                                 " = " + identifier(alias) + "." + spine.column}));
  }
  return identifier(alias) + "." + custom->column;
}

std::string Builder::metric_filter_expr(Scope& scope, const Item& item) {
  const contracts::Metric* metric = catalogue_.metric(item.element);
  Item entity;
  entity.kind = Item::Kind::entity;
  entity.links = split_dunder(item.metric_group_by.empty() ? "" : item.metric_group_by.front());
  entity.element = entity.links.back();
  entity.links.pop_back();
  const std::string key = item.element + " by " + entity.path_name();
  Select*& totals = filter_metrics_[key];
  if (!totals) {
    Context own;
    own.keys = {entity};
    if (!metric || ++depth_ > 8) {
      problem("unknown_filter_item: the metric '" + item.element + "' cannot be filtered by");
      return "NULL";
    }
    std::vector<Value> values{metric_value(*metric, own, metric->name)};
    --depth_;
    totals = values[0].from;
    if (!totals->values.empty()) {  // shared with the query itself: a select of its own around it
      Select& around = pool_.make(metric->name + "_by_" + entity.path_name());
      const std::string column = totals->publish(values[0].expr, metric->name);
      around.from = totals;
      around.keys = {{entity.output(), totals->name + "." + identifier(entity.output())}};
      around.values = {{metric->name, totals->name + "." + identifier(column)}};
      totals = &around;
    } else {
      totals->values.push_back({metric->name, values[0].expr});
    }
  }
  const std::string here = item_expr(scope, entity);
  const bool joined =
      std::ranges::any_of(scope.joined, [&](const auto& one) { return one.first == key; });
  if (!joined) {
    scope.joined.emplace_back(key, totals->name);
    scope.select->joins.push_back(join_select(
        "LEFT JOIN", totals, {here + " = " + totals->name + "." + identifier(entity.output())}));
  }
  return totals->name + "." + identifier(totals->values.front().name);
}

std::string Builder::join_way(Scope& scope, const Reached& way) {
  std::string alias = scope.alias;
  const SemanticModel* model = scope.model;
  for (std::size_t i = 0; i < way.hops.size(); ++i) {
    const Hop& hop = way.hops[i];
    const std::string path = way_name(way, i + 1) + " of " + hop.to->name;
    const auto found =
        std::ranges::find(scope.joined, path, &std::pair<std::string, std::string>::first);
    const std::string before = alias;
    if (found != scope.joined.end()) {
      alias = found->second;
      model = hop.to;
      continue;
    }
    std::string name = way_name(way, i + 1);
    const auto taken = [&](const std::string& candidate) {
      return candidate == scope.alias || std::ranges::any_of(scope.joined, [&](const auto& one) {
               return one.second == identifier(candidate);
             });
    };
    if (taken(name)) name += "__" + hop.to->name;
    alias = identifier(name);
    scope.joined.emplace_back(path, alias);
    note(proof_.semantic_models, hop.to->name);
    note(proof_.relations, hop.to->relation.rendered);
    Conditions on{column_expr(*model, hop.from->expr, before, true) + " = " +
                  column_expr(*hop.to, hop.to_entity->expr, alias, true)};
    add_partitions(*model, before, *hop.to, alias, on);
    add_validity(scope, *hop.to, alias, on);
    if (notes_) notes_->join(*scope.select, *model, hop, on);
    scope.select->joins.push_back(
        join_relation("LEFT JOIN", hop.to->relation.rendered, name, std::move(on)));
    model = hop.to;
  }
  return alias;
}

/// Partitioned relations are joined partition by partition.
void Builder::add_partitions(const SemanticModel& from, const std::string& from_alias,
                             const SemanticModel& to, const std::string& to_alias, Conditions& on) {
  for (const Dimension& partition : from.dimensions) {
    const Dimension* other = JoinGraph::dimension_of(to, partition.name);
    if (!partition.is_partition || !other || !other->is_partition) continue;
    on.push_back(column_expr(from, partition.expr, from_alias, true) + " = " +
                 column_expr(to, other->expr, to_alias, true));
  }
}

/// A slowly changing dimension is joined as it was at the time of the row.
void Builder::add_validity(Scope& scope, const SemanticModel& model, const std::string& alias,
                           Conditions& on) {
  const auto validity = JoinGraph::validity_of(model);
  if (!validity) return;
  if (scope.time.empty()) {
    problem("unreachable_group_by: '" + model.name + "' changes over time, and there is no time");
    return;
  }
  const std::string day = scope.time_is_truncated
                              ? scope.time
                              : words_.truncated(name_of(scope.time_grain), scope.time);
  const std::string from = column_expr(model, validity->start->expr, alias, true);
  const std::string to = column_expr(model, validity->end->expr, alias, true);
  on.push_back(day + " >= " + from);
  on.push_back("(" + day + " < " + to + " OR " + to + " IS NULL)");
}

std::string Builder::filter_sql(Scope& scope, const Filter& filter) {
  std::string out;
  const auto is_time = [&](std::size_t i) {
    if (i >= filter.items.size()) return false;
    const Item& item = filter.items[i];
    if (!item.date_part.empty() || item.kind == Item::Kind::metric) return false;
    if (item.is_time()) return true;
    const auto way = reach(catalogue_, *scope.model, item);
    return way && way->dimension && way->dimension->type == contracts::DimensionType::time;
  };
  for (std::size_t i = 0; i < filter.sql.size(); ++i) {
    const bool beside_time = is_time(i) || (i > 0 && is_time(i - 1));
    out += beside_time ? with_time_literals(filter.sql[i], words_) : filter.sql[i];
    if (i < filter.items.size()) out += in_parentheses(item_expr(scope, filter.items[i]));
  }
  out = trimmed(std::move(out));
  return has_loose_or(out) ? "(" + out + ")" : out;
}

void Builder::add_filters(Scope& scope, const std::vector<const Filter*>& filters) {
  if (scope.is_unfiltered) add_policies(scope);
  for (const Filter* filter : filters) {
    std::string sql = filter_sql(scope, *filter);
    if (sql.empty()) continue;
    note(proof_.filters, sql);
    if (notes_) notes_->filter(*scope.select, sql);
    if (std::ranges::count(scope.select->where, sql) == 0)
      scope.select->where.push_back(std::move(sql));
  }
}

std::string Builder::range_sql(const std::string& time, Grain grain, bool truncated,
                               const Context& context) const {
  using std::chrono::days;
  using std::chrono::sys_days;
  const auto date = [](Date day) { return "DATE '" + format_date(day) + "'"; };
  std::string out;
  if (grain > Grain::day) {  // period starts are compared
    const std::string period = truncated ? time : words_.truncated(name_of(grain), time);
    if (context.start) out += period + " >= " + date(*context.start);
    if (context.end) out += (out.empty() ? "" : " AND ") + period + " <= " + date(*context.end);
    return out;
  }
  if (context.start) out += time + " >= " + date(*context.start);
  if (!context.end) return out;
  if (!out.empty()) out += " AND ";
  if (grain == Grain::day) return out + time + " < " + date(Date{sys_days{*context.end} + days{1}});
  // Of a finer time only the first period of the last day counts, as in dbt's semantic layer.
  const std::string_view first_end = grain == Grain::hour     ? "01:00:00"
                                     : grain == Grain::minute ? "00:01:00"
                                                              : "00:00:01";
  return out + time + " < TIMESTAMP '" + format_date(*context.end) + " " + std::string(first_end) +
         "'";
}

void Builder::add_range(Scope& scope, const Context& context) {
  if (!context.start && !context.end) return;
  if (scope.time.empty()) {
    problem("needs_metric_time: a time range needs a metric with a time dimension");
    return;
  }
  std::string sql = range_sql(scope.time, scope.time_grain, scope.time_is_truncated, context);
  if (notes_) notes_->range(*scope.select, sql);
  scope.select->where.push_back(std::move(sql));
}

std::vector<const Filter*> Builder::filters_of(const std::vector<std::string>& texts,
                                               const Context& context) {
  std::vector<const Filter*> out;
  for (const std::string& text : texts)
    if (const Filter* filter = catalogue_.filter(text)) out.push_back(filter);
  out.insert(out.end(), context.filters.begin(), context.filters.end());
  return out;
}

Select* Builder::distinct_values(const ResolvedQuery& query) {
  Select& select = pool_.make("dimension_values");
  select.grouped = true;
  if (!query.values_of) {
    Context context;
    context.start = query.start;
    context.end = query.end;
    return periods(query.group_by, context);
  }
  const auto joins = [&](const Item& item) {
    return needs_joins({query.values_of, nullptr}, item);
  };
  bool qualified = std::ranges::any_of(query.group_by, joins);
  for (const Filter& filter : query.where)
    qualified = qualified || std::ranges::any_of(filter.items, joins);
  Scope scope = open_model(*query.values_of, select, qualified);
  if (notes_) notes_->read(select, *query.values_of, scope.time);
  for (const Item& item : query.group_by)
    select.keys.push_back({item.output(), item_expr(scope, item)});
  std::vector<const Filter*> filters;
  for (const Filter& filter : query.where) filters.push_back(&filter);
  add_filters(scope, filters);
  // Without a metric nothing is counted: values of either side are shown, matched or not.
  for (JoinPart& join : select.joins)
    if (!join.alias.starts_with("time_spine_of_")) join.kind = "FULL OUTER JOIN";
  return &select;
}

}  // namespace loquat::semantic
