// long: the transforms wrap each other in a fixed order.
#include "compiler/answer.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>

#include "compiler/sql_tokens.hpp"
#include "index/words.hpp"

namespace loquat::semantic {

using contracts::Column;
using contracts::ColumnRole;
using contracts::ColumnType;
using contracts::Grain;
using contracts::Metric;
using contracts::MetricQuery;

namespace {

std::string number_text(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value);
  return {text, end.ptr};
}

std::string quoted_list(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + identifier(name);
  return out;
}

std::vector<std::string> key_names(const ResolvedQuery& resolved) {
  std::vector<std::string> out;
  for (const Item& item : resolved.group_by) out.push_back(item.output());
  return out;
}

std::vector<std::string> metric_names(const ResolvedQuery& resolved) {
  std::vector<std::string> out;
  for (const Metric* metric : resolved.metrics) out.push_back(metric->name);
  return out;
}

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::count(names, name) > 0;
}

const Item* time_of_answer(const ResolvedQuery& resolved) {
  const Item* out = nullptr;
  for (const Item& item : resolved.group_by) {
    if (!item.is_time() || !item.date_part.empty() || !standard_grain(item.grain)) continue;
    if (!out || *standard_grain(item.grain) < *standard_grain(out->grain)) out = &item;
  }
  return out;
}

/// `column` of the answer as a name that a wish may refer to.
class Wishes {
 public:
  Wishes(const MetricQuery& query, const ResolvedQuery& resolved)
      : query_(query), keys_(key_names(resolved)), numbers_(metric_names(resolved)) {
    if (query.comparison)
      for (const std::string& metric : metric_names(resolved))
        for (const auto* end : {"__previous", "__change", "__change_ratio"})
          numbers_.push_back(metric + end);
  }

  std::vector<FieldIssue> check(const ResolvedQuery& resolved) {
    if (query_.comparison && (!resolved.start || !resolved.end))
      refuse("/comparison", "a comparison needs a time range");
    if (query_.fill_time_gaps && !time_of_answer(resolved))
      refuse("/fill_time_gaps", "gaps can only be filled in an answer by time");
    for (std::size_t i = 0; i < query_.shares.size(); ++i) {
      const auto& share = query_.shares[i];
      const std::string at = "/shares/" + std::to_string(i);
      need_number(share.metric, at + "/metric");
      need_keys(share.within, at + "/within");
      add_number(share.as, at + "/as");
    }
    for (std::size_t i = 0; i < query_.running_totals.size(); ++i) {
      const auto& total = query_.running_totals[i];
      const std::string at = "/running_totals/" + std::to_string(i);
      need_number(total.metric, at + "/metric");
      add_number(total.as, at + "/as");
      if (!time_of_answer(resolved)) refuse(at, "a running total needs an answer by time");
    }
    for (std::size_t i = 0; i < query_.having.size(); ++i) {
      const auto& having = query_.having[i];
      const std::string at = "/having/" + std::to_string(i);
      need_number(having.metric, at + "/metric");
      if (!has({">", ">=", "<", "<=", "=", "!="}, having.op))
        refuse(at + "/op", "'" + having.op + "' is not one of > >= < <= = !=");
      if (!std::isfinite(having.value)) refuse(at + "/value", "a finite number is needed");
    }
    if (query_.top_per_group) check_top(*query_.top_per_group);
    return std::move(issues_);
  }

 private:
  void check_top(const MetricQuery::TopPerGroup& top) {
    need_keys(top.within, "/top_per_group/within");
    const std::string by = top.by.starts_with('-') ? top.by.substr(1) : top.by;
    if (!has(keys_, by)) need_number(by, "/top_per_group/by");
    if (top.count < 1) refuse("/top_per_group/count", "at least one row per group");
  }
  void need_number(const std::string& name, const std::string& at) {
    if (!has(numbers_, name))
      refuse(at, "'" + name + "' is no number of the answer; there are " + join(numbers_, ", "));
  }
  void need_keys(const std::vector<std::string>& names, const std::string& at) {
    for (const std::string& name : names)
      if (!has(keys_, name))
        refuse(at, "'" + name + "' is not grouped by; there are " + join(keys_, ", "));
  }
  void add_number(const std::string& name, const std::string& at) {
    if (name.empty() || has(numbers_, name) || has(keys_, name))
      refuse(at, "the new column needs a name that is not taken");
    numbers_.push_back(name);
  }
  void refuse(std::string at, const std::string& message) {
    issues_.push_back({std::move(at), "bad_transform: " + message});
  }

  const MetricQuery& query_;
  std::vector<std::string> keys_, numbers_;
  std::vector<FieldIssue> issues_;
};

/// How far the compared period lies back, counted in a grain's own periods.
struct Distance {
  std::int64_t count = 0;
  std::string_view unit = "day";
};

Distance distance_of(const MetricQuery& query, const ResolvedQuery& resolved, Grain grain) {
  using namespace std::chrono;
  const auto months_of = [](Date date) {
    return std::int64_t{static_cast<int>(date.year())} * 12 + static_cast<unsigned>(date.month());
  };
  const Date start = first_of_period(*resolved.start, grain);
  const Date before = first_of_period(query.comparison->start, grain);
  const bool by_year = query.comparison->to == MetricQuery::Comparison::To::same_period_last_year;
  if (grain >= Grain::month) return {months_of(start) - months_of(before), "month"};
  if (grain == Grain::day && by_year && start.day() == before.day() &&
      start.month() == before.month())
    return {months_of(start) - months_of(before), "month"};
  return {(sys_days{start} - sys_days{before}).count(), "day"};
}

class Transformer {
 public:
  Transformer(Builder& builder, const MetricQuery& query, const ResolvedQuery& resolved,
              const Catalogue& catalogue, std::vector<Column>& columns)
      : builder_(builder),
        query_(query),
        resolved_(resolved),
        catalogue_(catalogue),
        columns_(columns) {}

  Select* run(Select* rows) {
    if (query_.fill_time_gaps) rows = with_every_period(rows);
    if (query_.comparison) rows = with_comparison(rows);
    if (!query_.shares.empty() || !query_.running_totals.empty()) rows = with_windows(rows);
    if (!query_.having.empty()) rows = with_having(rows);
    if (query_.top_per_group) rows = with_top(rows);
    return rows;
  }

 private:
  /// A select over `rows` with the same columns.
  Select& around(Select* rows, std::string name) {
    Select& out = builder_.pool().make(std::move(name));
    out.from = rows;
    for (const NamedExpr& key : rows->keys) out.keys.push_back({key.name, identifier(key.name)});
    for (const NamedExpr& value : rows->values)
      out.values.push_back({value.name, identifier(value.name)});
    return out;
  }

  [[nodiscard]] bool adds_up(const Metric& metric) const {
    if (metric.type != contracts::MetricType::simple) return false;
    switch (catalogue_.source_of(metric).at.measure->agg) {
      case contracts::Aggregation::sum:
      case contracts::Aggregation::count:
      case contracts::Aggregation::count_distinct:
      case contracts::Aggregation::sum_boolean:
        return !catalogue_.source_of(metric).at.measure->non_additive;
      default:
        return false;
    }
  }

  Select* with_every_period(Select* rows) {
    const Item& time = *time_of_answer(resolved_);
    std::vector<Item> times;
    std::vector<std::string> others;
    for (const Item& item : resolved_.group_by) {
      if (item.is_time() && item.links == time.links && item.element == time.element)
        times.push_back(item);
      else
        others.push_back(item.output());
    }
    Context range;
    range.start = resolved_.start;
    range.end = resolved_.end;
    Select* periods = builder_.periods(times, range);
    Select& out = builder_.pool().make("every_period");
    out.from = periods;
    Select* groups = nullptr;
    if (!others.empty()) {
      groups = &builder_.pool().make("groups_found");
      groups->from = rows;
      groups->distinct = true;
      for (const std::string& name : others) groups->keys.push_back({name, identifier(name)});
      out.joins.push_back(join_groups(groups, ""));
    }
    const std::string column = identifier(time.output());
    Conditions on{periods->name + "." + column + " = " + rows->name + "." + column};
    for (const std::string& name : others)
      on.push_back(groups->name + "." + identifier(name) + " IS NOT DISTINCT FROM " + rows->name +
                   "." + identifier(name));
    out.joins.push_back(join_select("LEFT JOIN", rows, on));
    for (const Item& item : resolved_.group_by) {
      const Select* side = has(others, item.output()) ? groups : periods;
      out.keys.push_back({item.output(), side->name + "." + identifier(item.output())});
    }
    for (const Metric* metric : resolved_.metrics) {
      const std::string value = rows->name + "." + identifier(metric->name);
      out.values.push_back({metric->name, adds_up(*metric) ? "COALESCE(" + value + ", 0)" : value});
    }
    if (!resolved_.start)
      out.where.push_back(periods->name + "." + column + " >= (SELECT MIN(" + column + ") FROM " +
                          rows->name + ")");
    if (!resolved_.end)
      out.where.push_back(periods->name + "." + column + " <= (SELECT MAX(" + column + ") FROM " +
                          rows->name + ")");
    return &out;
  }

  /// The metrics over the compared period, its times moved onto those of the answer.
  Select* compared_rows() {
    ResolvedQuery before = resolved_;
    before.start = query_.comparison->start;
    before.end = query_.comparison->end;
    for (const Item& item : resolved_.group_by)
      if (const auto grain = standard_grain(item.grain); item.is_time() && grain) {
        before.start = first_of_period(*before.start, *grain);
        before.end = last_of_period(*before.end, *grain);
      }
    Select* rows = select_metrics(builder_, before, "__previous");
    if (!time_of_answer(resolved_)) return rows;
    Select& moved = builder_.pool().make("compared_period");
    moved.from = rows;
    for (const Item& item : resolved_.group_by) {
      std::string expr = identifier(item.output());
      const auto grain = standard_grain(item.grain);
      if (item.is_time() && grain && item.date_part.empty()) {
        const Distance distance = distance_of(query_, resolved_, *grain);
        expr = builder_.words().shifted(expr, distance.count, distance.unit);
      }
      moved.keys.push_back({item.output(), expr});
    }
    for (const NamedExpr& value : rows->values)
      moved.values.push_back({value.name, identifier(value.name)});
    return &moved;
  }

  Select* with_comparison(Select* rows) {
    Select* before = compared_rows();
    std::vector<Value> values;
    for (const Metric* metric : resolved_.metrics) {
      values.push_back({rows, rows->name + "." + identifier(metric->name), metric->name, {}});
      const std::string previous = metric->name + "__previous";
      values.push_back({before, before->name + "." + identifier(previous), previous, {}});
    }
    Select& out = builder_.pool().make("compared");
    out.from = rows;
    std::vector<std::string> keys = key_names(resolved_);
    out.joins.push_back(join_groups(before, quoted_list(keys)));
    for (const std::string& key : keys) out.keys.push_back({key, identifier(key)});
    out.grouped = !keys.empty();
    for (std::size_t i = 0; i < resolved_.metrics.size(); ++i)
      add_comparison(out, *resolved_.metrics[i], values[2 * i].expr, values[2 * i + 1].expr);
    return &out;
  }

  void add_comparison(Select& out, const Metric& metric, std::string now, std::string previous) {
    if (out.grouped) {
      now = "MAX(" + now + ")";
      previous = "MAX(" + previous + ")";
    }
    const std::string type(builder_.words().double_type());
    out.values.push_back({metric.name, now});
    out.values.push_back({metric.name + "__previous", previous});
    out.values.push_back({metric.name + "__change", now + " - " + previous});
    out.values.push_back(
        {metric.name + "__change_ratio",
         "CAST(" + now + " - " + previous + " AS " + type + ") / NULLIF(" + previous + ", 0)"});
    const std::string label = metric.label.empty() ? metric.name : metric.label;
    const bool year = query_.comparison->to == MetricQuery::Comparison::To::same_period_last_year;
    add_column(metric.name + "__previous", label + (year ? ", a year before" : ", period before"));
    add_column(metric.name + "__change", label + ", change");
    add_column(metric.name + "__change_ratio", label + ", relative change");
  }

  Select* with_windows(Select* rows) {
    Select& out = around(rows, "with_shares");
    const std::string type(builder_.words().double_type());
    for (const auto& share : query_.shares) {
      const std::string metric = identifier(share.metric);
      const std::string over =
          share.within.empty() ? "()" : "(PARTITION BY " + quoted_list(share.within) + ")";
      out.values.push_back({share.as, "CAST(" + metric + " AS " + type + ") / NULLIF(SUM(" +
                                          metric + ") OVER " + over + ", 0)"});
      add_column(share.as, label_of(share.metric) + ", share");
    }
    for (const auto& total : query_.running_totals) {
      const Item& time = *time_of_answer(resolved_);
      std::vector<std::string> others;
      for (const Item& item : resolved_.group_by)
        if (!item.is_time()) others.push_back(item.output());
      const std::string apart = others.empty() ? "" : "PARTITION BY " + quoted_list(others) + " ";
      out.values.push_back({total.as, "SUM(" + identifier(total.metric) + ") OVER (" + apart +
                                          "ORDER BY " + identifier(time.output()) +
                                          " ROWS UNBOUNDED PRECEDING)"});
      add_column(total.as, label_of(total.metric) + ", running total");
    }
    return &out;
  }

  Select* with_having(Select* rows) {
    Select& out = around(rows, "kept");
    for (const auto& having : query_.having)
      out.where.push_back(identifier(having.metric) + " " + (having.op == "!=" ? "<>" : having.op) +
                          " " + number_text(having.value));
    return &out;
  }

  Select* with_top(Select* rows) {
    const auto& top = *query_.top_per_group;
    const bool descending = top.by.starts_with('-');
    const std::string by = descending ? top.by.substr(1) : top.by;
    Select& ranked = around(rows, "ranked");
    std::string order = identifier(by) + (descending ? " DESC NULLS LAST" : " NULLS LAST");
    for (const NamedExpr& key : rows->keys)
      if (key.name != by) order += ", " + identifier(key.name);
    const std::string apart =
        top.within.empty() ? "" : "PARTITION BY " + quoted_list(top.within) + " ";
    ranked.values.push_back(
        {"rank_in_group", "ROW_NUMBER() OVER (" + apart + "ORDER BY " + order + ")"});
    Select& out = around(&ranked, "top_rows");
    out.values.pop_back();
    out.where.push_back("rank_in_group <= " + std::to_string(top.count));
    return &out;
  }

  [[nodiscard]] std::string label_of(const std::string& name) const {
    const auto found = std::ranges::find(columns_, name, &Column::name);
    return found == columns_.end() ? name : found->label;
  }
  void add_column(const std::string& name, const std::string& label) {
    columns_.push_back({name, label, ColumnType::number, ColumnRole::derived, ""});
  }

  Builder& builder_;
  const MetricQuery& query_;
  const ResolvedQuery& resolved_;
  const Catalogue& catalogue_;
  std::vector<Column>& columns_;
};

/// The added columns in the order in which the select has them.
void put_in_order(const Select& rows, std::vector<Column>& columns) {
  std::vector<Column> out;
  for (const auto* part : {&rows.keys, &rows.values})
    for (const NamedExpr& expr : *part)
      if (const auto found = std::ranges::find(columns, expr.name, &Column::name);
          found != columns.end())
        out.push_back(*found);
  columns = std::move(out);
}

}  // namespace

Date first_of_period(Date date, Grain grain) {
  using namespace std::chrono;
  switch (grain) {
    case Grain::week: {
      const sys_days day{date};
      return Date{day - (weekday{day} - Monday)};
    }
    case Grain::month:
      return date.year() / date.month() / 1;
    case Grain::quarter:
      return date.year() / month{(static_cast<unsigned>(date.month()) - 1) / 3 * 3 + 1} / 1;
    case Grain::year:
      return date.year() / January / 1;
    default:
      return date;
  }
}

Date last_of_period(Date date, Grain grain) {
  using namespace std::chrono;
  const Date first = first_of_period(date, grain);
  switch (grain) {
    case Grain::week:
      return Date{sys_days{first} + days{6}};
    case Grain::month:
      return Date{sys_days{first + months{1}} - days{1}};
    case Grain::quarter:
      return Date{sys_days{first + months{3}} - days{1}};
    case Grain::year:
      return Date{sys_days{first + years{1}} - days{1}};
    default:
      return date;
  }
}

bool has_transforms(const MetricQuery& query) {
  return query.comparison || !query.shares.empty() || !query.running_totals.empty() ||
         !query.having.empty() || query.top_per_group || query.fill_time_gaps;
}

std::vector<FieldIssue> check_transforms(const MetricQuery& query, const ResolvedQuery& resolved) {
  if (resolved.metrics.empty())
    return {{"/metrics", "bad_transform: shares, comparisons and the like need a metric"}};
  return Wishes(query, resolved).check(resolved);
}

Select* select_metrics(Builder& builder, const ResolvedQuery& query, const std::string& suffix) {
  Context context;
  context.keys = query.group_by;
  for (const Filter& filter : query.where) context.filters.push_back(&filter);
  context.start = query.start;
  context.end = query.end;
  std::vector<Value> values;
  for (const Metric* metric : query.metrics)
    values.push_back(builder.metric_value(*metric, context, metric->name + suffix));
  Select* last = builder.combine(values, query.group_by);
  if (!last->values.empty()) {  // others read it as it is
    Select& own = builder.pool().make("answer");
    own.from = last;
    for (const NamedExpr& key : last->keys)
      own.keys.push_back({key.name, last->name + "." + identifier(key.name)});
    for (const Value& value : values) {
      const std::string column = last->publish(value.expr, value.name);
      own.values.push_back({value.name, last->name + "." + identifier(column)});
    }
    return &own;
  }
  for (const Value& value : values) last->values.push_back({value.name, value.expr});
  return last;
}

Select* transform(Builder& builder, const MetricQuery& query, const ResolvedQuery& resolved,
                  const Catalogue& catalogue, Select* rows, std::vector<Column>& columns) {
  Select* out = Transformer(builder, query, resolved, catalogue, columns).run(rows);
  put_in_order(*out, columns);
  return out;
}

}  // namespace loquat::semantic
