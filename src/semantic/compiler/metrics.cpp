#include <algorithm>

#include "compiler/builder.hpp"
#include "compiler/sql_tokens.hpp"
#include "index/words.hpp"

namespace loquat::semantic {

using contracts::Metric;
using contracts::MetricInput;
using contracts::MetricType;

Value Builder::metric_value(const Metric& metric, const Context& context, const std::string& name) {
  note(proof_.metrics, metric.name);
  switch (metric.type) {
    case MetricType::simple:
      return source_value(catalogue_.source_of(metric), context, name);
    case MetricType::ratio:
      return ratio(metric, context, name);
    case MetricType::derived:
      return derived(metric, context, name);
    case MetricType::cumulative:
      return cumulative(metric, context, name);
    case MetricType::conversion:
      return conversion(metric, context, name);
  }
  return {};
}

Value Builder::input_value(const MetricInput& input, const Context& context,
                           const std::vector<const Filter*>& filters, const std::string& name) {
  const Metric& metric = *catalogue_.metric(input.metric);
  Context own = context;
  own.filters = filters;
  for (const std::string& text : input.filters)
    if (const Filter* filter = catalogue_.filter(text)) own.filters.push_back(filter);
  const TimeShift shift{input.offset_window, input.offset_to_grain};
  return shift.empty() ? metric_value(metric, own, name) : shifted(metric, shift, own, name);
}

Value Builder::ratio(const Metric& metric, const Context& context, const std::string& name) {
  const auto filters = filters_of(metric.filters, context);
  const auto named = [](const MetricInput& input) {
    return input.alias.empty() ? input.metric : input.alias;
  };
  std::vector<Value> parts{
      input_value(*metric.numerator, context, filters, named(*metric.numerator)),
      input_value(*metric.denominator, context, filters, named(*metric.denominator))};
  Select* from = combine(parts, context.keys);
  const std::string type(words_.double_type());
  return {from,
          "CAST(" + parts[0].expr + " AS " + type + ") / CAST(NULLIF(" + parts[1].expr +
              ", 0) AS " + type + ")",
          name,
          {}};
}

Value Builder::derived(const Metric& metric, const Context& context, const std::string& name) {
  const auto filters = filters_of(metric.filters, context);
  std::vector<Value> parts;
  std::vector<std::string> names;
  for (const MetricInput& input : metric.inputs) {
    names.push_back(lower(input.alias.empty() ? input.metric : input.alias));
    parts.push_back(input_value(input, context, filters, names.back()));
  }
  Select* from = combine(parts, context.keys);
  const bool divides = metric.expr.find('/') != std::string::npos;
  const std::string expr =
      substitute(metric.expr, [&](std::string_view word) -> std::optional<std::string> {
        const auto at = std::ranges::find(names, lower(word));
        if (at == names.end()) return std::nullopt;
        const std::string& part = parts[static_cast<std::size_t>(at - names.begin())].expr;
        return divides ? words_.divisible(in_parentheses(part)) : in_parentheses(part);
      });
  return {from, expr, name, {}};
}

}  // namespace loquat::semantic
