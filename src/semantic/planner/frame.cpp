#include "semantic/planner/frame.hpp"

#include <algorithm>

namespace loquat::semantic::planner {
namespace {

constexpr std::string_view kPartMark = "date_part_name='";

std::string render(const Filter& filter) {
  if (filter.kind == Filter::Kind::raw) return filter.values.empty() ? "" : filter.values[0];
  const std::string subject = subject_of(filter.dimension);
  switch (filter.kind) {
    case Filter::Kind::is_true:
      return subject + " = true";
    case Filter::Kind::is_false:
      return subject + " = false";
    case Filter::Kind::not_null:
      return subject + " IS NOT NULL";
    default:
      break;
  }
  std::string list;
  for (const std::string& value : filter.values) list += (list.empty() ? "" : ", ") + quoted(value);
  const bool one = filter.values.size() == 1;
  if (filter.kind == Filter::Kind::is_in)
    return subject + (one ? " = " + list : " IN (" + list + ")");
  return "(" + subject + (one ? " <> " + list : " NOT IN (" + list + ")") + " OR " + subject +
         " IS NULL)";
}

std::vector<std::string> quoted_parts(std::string_view text) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; (at = text.find('\'', at)) != std::string_view::npos;) {
    std::string part;
    for (++at; at < text.size(); ++at) {
      if (text[at] == '\'' && at + 1 < text.size() && text[at + 1] == '\'')
        ++at;
      else if (text[at] == '\'')
        break;
      part.push_back(text[at]);
    }
    parts.push_back(std::move(part));
    ++at;
  }
  return parts;
}

/// Reads back what `render` wrote; anything else stays as it is, with its dimension if it has one.
Filter parse_filter(const std::string& text) {
  Filter filter{Filter::Kind::raw, "", {text}};
  const auto close = text.find("}}");
  const auto open = text.find("{{ Dimension(");
  if (close == std::string::npos || open == std::string::npos || open > close) return filter;
  const std::vector<std::string> inside = quoted_parts(text.substr(open, close - open));
  if (inside.empty()) return filter;
  for (std::size_t i = 1; i < inside.size(); ++i) filter.dimension += inside[i] + "__";
  filter.dimension += inside[0];
  if (text.find("{{", close) != std::string::npos && !text.ends_with(" IS NULL)")) return filter;
  std::string rest = text.substr(close + 2);
  const std::vector<std::string> values = quoted_parts(rest.substr(0, rest.find("{{")));
  const auto is = [&](Filter::Kind kind, std::vector<std::string> list) {
    const Filter made{kind, filter.dimension, std::move(list)};
    if (render(made) == text) filter = made;
  };
  for (const auto kind : {Filter::Kind::is_true, Filter::Kind::is_false, Filter::Kind::not_null})
    is(kind, {});
  if (values.empty()) return filter;
  is(Filter::Kind::is_in, values);
  is(Filter::Kind::not_in, values);
  return filter;
}

void add_order(const Frame& frame, MetricQuery& query) {
  const std::string metric = frame.metrics.empty() ? "" : frame.metrics[0];
  if (frame.rank && !metric.empty()) {
    const std::string by = (frame.rank->descending ? "-" : "") + metric;
    if (!frame.rank->within.empty() && frame.rank->count > 0) {
      query.top_per_group = MetricQuery::TopPerGroup{frame.rank->within, by, frame.rank->count};
      query.order_by = frame.rank->within;
      query.order_by.push_back(by);
      return;
    }
    query.order_by = {by};
    if (frame.rank->count > 0) query.limit = frame.rank->count;
    return;
  }
  if (frame.sort_descending && !metric.empty()) {
    query.order_by = {(*frame.sort_descending ? "-" : "") + metric};
  } else if (frame.grain) {
    query.order_by.push_back(time_column(frame));
    query.order_by.insert(query.order_by.end(), frame.groups.begin(), frame.groups.end());
  } else if (!frame.date_part.empty()) {
    query.order_by = {frame.axis + "__extract_" + frame.date_part};
  } else if (!frame.groups.empty()) {
    query.order_by = {metric.empty() ? frame.groups[0] : "-" + metric};
  }
}

/// `{{ TimeDimension('order__delivered_at', 'day') }} >= '2025-01-01'`: a period by another date.
bool read_axis_range(const std::string& text, Frame& frame) {
  constexpr std::string_view kOpen = "{{ TimeDimension('", kClose = "', 'day') }} ";
  if (!text.starts_with(kOpen)) return false;
  const auto close = text.find(kClose);
  if (close == std::string::npos) return false;
  const std::string axis = text.substr(kOpen.size(), close - kOpen.size());
  const std::string rest = text.substr(close + kClose.size());
  const bool from = rest.starts_with(">= '"), to = rest.starts_with("<= '");
  constexpr std::size_t kSign = 4, kDate = 10;
  if ((!from && !to) || rest.size() != kSign + kDate + 1) return false;
  const auto day = parse_date(rest.substr(kSign, kDate));
  if (!day || (frame.axis != "metric_time" && frame.axis != axis)) return false;
  frame.axis = axis;
  (from ? frame.range.start : frame.range.end) = *day;
  return true;
}

void read_order(const Lexicon& lexicon, const MetricQuery& query, Frame& frame) {
  if (query.top_per_group) {
    frame.rank = Rank{query.top_per_group->by.starts_with('-'), query.top_per_group->count,
                      query.top_per_group->within};
  } else if (query.limit && !query.order_by.empty()) {
    frame.rank = Rank{query.order_by[0].starts_with('-'), *query.limit, {}};
  } else if (!query.order_by.empty() && frame.grain) {
    std::string_view first = query.order_by[0];
    const bool down = first.starts_with('-');
    if (down) first.remove_prefix(1);
    if (lexicon.metric(first) != nullptr) frame.sort_descending = down;
  }
}

std::optional<Grain> offset_grain(const contracts::Metric& metric) {
  for (const contracts::MetricInput& input : metric.inputs) {
    if (input.offset_window) {
      std::string unit = input.offset_window->granularity;
      if (unit.ends_with('s')) unit.pop_back();
      return enum_from<Grain>(unit).value_or(Grain::month);
    }
    if (!input.offset_to_grain.empty()) return Grain::day;
  }
  return std::nullopt;
}

}  // namespace

std::string quoted(std::string_view value) {
  std::string out = "'";
  for (const char c : value) {
    if (c == '\'') out.push_back('\'');
    out.push_back(c);
  }
  return out + "'";
}

std::string subject_of(std::string_view output_name) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0;;) {
    const auto at = output_name.find("__", begin);
    parts.emplace_back(output_name.substr(begin, at - begin));
    if (at == std::string_view::npos) break;
    begin = at + 2;
  }
  if (parts.size() == 1) return "{{ Entity(" + quoted(parts[0]) + ") }}";
  const std::string name = parts[parts.size() - 2] + "__" + parts.back();
  if (parts.size() == 2) return "{{ Dimension(" + quoted(name) + ") }}";
  std::string path;
  for (std::size_t i = 0; i + 2 < parts.size(); ++i)
    path += (path.empty() ? "" : ", ") + quoted(parts[i]);
  return "{{ Dimension(" + quoted(name) + ", entity_path=[" + path + "]) }}";
}

std::string time_column(const Frame& frame) {
  return frame.axis + "__" + std::string(name_of(frame.grain.value_or(Grain::day)));
}

std::string without_period(std::string_view axis, const DateRange& range) {
  const std::string day = "{{ TimeDimension(" + quoted(axis) + ", 'day') }}";
  return "(" + day + " < '" + format_date(*range.start) + "' OR " + day + " > '" +
         format_date(*range.end) + "')";
}

std::optional<DateRange> excluded_period(std::string_view filter) {
  constexpr std::string_view kBefore = "}} < '", kAfter = "}} > '";
  constexpr std::size_t kDate = 10;
  const auto before = filter.find(kBefore), after = filter.rfind(kAfter);
  if (!filter.starts_with("({{ TimeDimension(") || before == std::string_view::npos ||
      after == std::string_view::npos)
    return std::nullopt;
  const auto from = parse_date(filter.substr(before + kBefore.size(), kDate));
  const auto to = parse_date(filter.substr(after + kAfter.size(), kDate));
  if (!from || !to) return std::nullopt;
  return DateRange{*from, *to};
}

MetricQuery to_query(const Lexicon&, const Frame& frame) {
  MetricQuery query;
  query.metrics = frame.metrics;
  if (frame.grain) query.group_by.push_back(time_column(frame));
  if (!frame.date_part.empty())
    query.group_by.push_back("TimeDimension('" + frame.axis + "', " + std::string(kPartMark) +
                             frame.date_part + "')");
  query.group_by.insert(query.group_by.end(), frame.groups.begin(), frame.groups.end());
  for (const Filter& filter : frame.filters) query.where.push_back(render(filter));
  if (frame.axis == "metric_time" || (!frame.range.start && !frame.range.end)) {
    query.start_time = frame.range.start;
    query.end_time = frame.range.end;
  } else {
    const std::string subject = "{{ TimeDimension('" + frame.axis + "', 'day') }}";
    if (frame.range.start)
      query.where.push_back(subject + " >= '" + format_date(*frame.range.start) + "'");
    if (frame.range.end)
      query.where.push_back(subject + " <= '" + format_date(*frame.range.end) + "'");
  }
  query.comparison = frame.comparison;
  query.having = frame.having;
  query.fill_time_gaps = frame.fill_gaps;
  for (const std::string& metric : frame.metrics) {
    if (frame.share) query.shares.push_back({metric, metric + "_share", {}});
    if (frame.running_total) query.running_totals.push_back({metric, metric + "_running_total"});
  }
  add_order(frame, query);
  return query;
}

Frame to_frame(const Lexicon& lexicon, const MetricQuery& query) {
  Frame frame;
  frame.metrics = query.metrics;
  for (const std::string& item : query.group_by) {
    if (const auto part = item.find(kPartMark); part != std::string::npos) {
      const auto begin = part + kPartMark.size();
      frame.date_part = item.substr(begin, item.find('\'', begin) - begin);
      continue;
    }
    const auto cut = item.rfind("__");
    const auto grain =
        cut == std::string::npos ? std::nullopt : enum_from<Grain>(item.substr(cut + 2));
    if (grain && lexicon.dimension(item) == nullptr) {
      frame.grain = grain;
      frame.axis = item.substr(0, cut);
    } else {
      frame.groups.push_back(item);
    }
  }
  frame.range = {query.start_time, query.end_time};
  for (const std::string& item : query.where)
    if (!read_axis_range(item, frame)) frame.filters.push_back(parse_filter(item));
  frame.comparison = query.comparison;
  frame.having = query.having;
  frame.share = !query.shares.empty();
  frame.running_total = !query.running_totals.empty();
  frame.fill_gaps = query.fill_time_gaps;
  read_order(lexicon, query, frame);
  return frame;
}

std::optional<Grain> grain_needed(const Lexicon& lexicon, const contracts::Metric& metric) {
  using contracts::MetricType;
  const auto plain = [](std::string unit) {
    if (unit.ends_with('s')) unit.pop_back();
    return enum_from<Grain>(unit).value_or(Grain::day);
  };
  if (metric.type == MetricType::cumulative) {
    if (metric.window) return plain(metric.window->granularity);
    if (!metric.grain_to_date.empty()) {
      const Grain to_date = plain(metric.grain_to_date);
      return to_date == Grain::year || to_date == Grain::quarter ? Grain::month : Grain::day;
    }
    return std::nullopt;
  }
  if (const auto grain = offset_grain(metric)) return grain;
  std::vector<std::string> inputs;
  for (const auto& input : metric.inputs) inputs.push_back(input.metric);
  if (metric.numerator) inputs.push_back(metric.numerator->metric);
  if (metric.denominator) inputs.push_back(metric.denominator->metric);
  for (const std::string& name : inputs)
    if (const contracts::Metric* input = lexicon.index().metric(name); input && input != &metric)
      if (const auto grain = grain_needed(lexicon, *input)) return grain;
  return std::nullopt;
}

}  // namespace loquat::semantic::planner
