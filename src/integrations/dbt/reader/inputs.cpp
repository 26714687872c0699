#include "inputs.hpp"

#include <charconv>

namespace loquat::dbt {

using namespace contracts;

namespace {

/// One filter: a template string, or an object around it.
void add_filter(const Place& one, std::vector<std::string>& out) {
  std::string text;
  if (one.is_string())
    text = one.json().text();
  else if (one.is_object())
    text = one.text("where_sql_template");
  // A filter that is passed over would change numbers: whoever reads it must hear of it.
  if (text.empty())
    one.report("expected a filter's template");
  else
    out.push_back(std::move(text));
}

}  // namespace

std::vector<std::string> filters_of(const Place& owner, std::string_view key) {
  std::vector<std::string> out;
  const Place filter = owner.at(key);
  if (filter.json().is_null()) return out;
  if (filter.is_string()) {
    add_filter(filter, out);
    return out;
  }
  const bool is_wrapped = filter.is_object() && filter.has("where_filters");
  if (filter.is_object() && !is_wrapped) {
    if (filter.has("where_sql_template"))
      add_filter(filter, out);
    else if (filter.json().find("where_filters") == nullptr && filter.json().size() > 0)
      filter.report("expected where_filters");
    return out;
  }
  const Place list = is_wrapped ? filter.at("where_filters") : filter;
  for (const Place& one : list.each()) add_filter(one, out);
  return out;
}

std::optional<TimeWindow> window_of(const Place& owner, std::string_view key) {
  const Place window = owner.at(key);
  if (window.json().is_null()) return std::nullopt;
  std::int64_t count = 1;
  std::string unit;
  if (window.is_string()) {
    const std::string text(window.json().text());
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), count);
    const std::size_t at = text.find_first_not_of(' ', static_cast<std::size_t>(end - text.data()));
    if (code == std::errc() && at != std::string::npos) unit = text.substr(at);
  } else if (window.is_object()) {
    unit = window.text("granularity");
    count = window.integer("count").value_or(1);
  }
  if (unit.empty() || count < 1) {
    window.report("expected a window of count and granularity");
    return std::nullopt;
  }
  unit = lower(std::move(unit));
  if (unit.ends_with('s') && enum_from<Grain>(unit.substr(0, unit.size() - 1))) unit.pop_back();
  return TimeWindow{count, std::move(unit)};
}

std::optional<MeasureInput> measure_input(const Place& owner, std::string_view key) {
  const Place place = owner.at(key);
  if (place.json().is_null()) return std::nullopt;
  MeasureInput out;
  if (place.is_string()) {
    out.measure = place.json().text();
    return out;
  }
  out.measure = place.text("name");
  out.filters = filters_of(place);
  out.alias = place.text("alias");
  out.join_to_timespine = place.flag("join_to_timespine");
  out.fill_nulls_with = place.number("fill_nulls_with");
  return out;
}

MetricInput metric_input(const Place& place) {
  MetricInput out;
  if (place.is_string()) {
    out.metric = place.json().text();
    return out;
  }
  out.metric = place.text("name");
  out.filters = filters_of(place);
  out.alias = place.text("alias");
  out.offset_window = window_of(place, "offset_window");
  out.offset_to_grain = place.text("offset_to_grain");
  return out;
}

}  // namespace loquat::dbt
