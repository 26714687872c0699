#include "semantic/planner/wording.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace loquat::semantic::planner {
namespace {

std::string spoken(std::string_view name) {
  std::string out(name);
  std::replace(out.begin(), out.end(), '_', ' ');
  return out;
}

/// Filters that are no list of values: weekdays, limits on a number, missing values.
std::string raw_words(const std::string& label, const std::string& text) {
  static constexpr std::array<std::string_view, 7> kDays = {
      "Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays"};
  const auto close = text.find("}}");
  const std::string rest = close == std::string::npos ? "" : text.substr(close + 2);
  if (text.find("date_part_name='dow'") != std::string::npos) {
    std::vector<std::string> days;
    for (const char c : rest)
      if (c >= '1' && c <= '7') days.emplace_back(kDays[static_cast<std::size_t>(c - '1')]);
    return (rest.starts_with(" NOT") ? "not on " : "on ") + join_words(days);
  }
  if (const auto out = excluded_period(text))
    return "excluding " + format_date(*out->start) + " to " + format_date(*out->end);
  if (rest == " IS NULL") return "without " + label;
  if (rest.starts_with(" = ")) return rest.substr(3) + " " + label;
  for (const auto& [sign, words] : {std::pair{" >= ", " at least "},
                                    {" <= ", " at most "},
                                    {" > ", " over "},
                                    {" < ", " under "}})
    if (rest.starts_with(sign)) return label + words + rest.substr(std::string_view(sign).size());
  return "";
}

std::string filter_words(const Lexicon& lexicon, const Filter& filter) {
  std::string label = dimension_label(lexicon, filter.dimension);
  switch (filter.kind) {
    case Filter::Kind::is_in:
      return label + " " + join_words(filter.values, "or");
    case Filter::Kind::not_in:
      return "except " + label + " " + join_words(filter.values, "and");
    case Filter::Kind::is_true:
      return label;
    case Filter::Kind::is_false:
      return "not " + label;
    case Filter::Kind::not_null:
      return "";
    default:
      return raw_words(label, filter.values.empty() ? "" : filter.values[0]);
  }
}

std::string period_words(const DateRange& range) {
  if (range.start && range.end) {
    if (*range.start == *range.end) return " on " + format_date(*range.start);
    return " from " + format_date(*range.start) + " to " + format_date(*range.end);
  }
  if (range.end) return " until " + format_date(*range.end);
  return range.start ? " from " + format_date(*range.start) : "";
}

std::string groups_words(const Lexicon& lexicon, const Frame& frame) {
  std::vector<std::string> items;
  if (frame.grain) items.push_back(std::string(name_of(*frame.grain)));
  if (frame.date_part == "dow")
    items.push_back("weekday");
  else if (!frame.date_part.empty())
    items.push_back(frame.date_part + " of year");
  for (const std::string& group : frame.groups) items.push_back(dimension_label(lexicon, group));
  return items.empty() ? "" : " by " + join_words(items, "and by");
}

}  // namespace

std::string number_text(double value) {
  if (std::floor(value) == value && std::abs(value) < 1e15)
    return std::to_string(static_cast<long long>(value));
  std::string text = std::to_string(value);
  while (text.ends_with('0')) text.pop_back();
  return text;
}

std::string metric_label(const ModelIndex& index, std::string_view name) {
  const contracts::Metric* metric = index.metric(name);
  return metric == nullptr || metric->label.empty() ? spoken(name) : metric->label;
}

std::string dimension_label(const Lexicon& lexicon, std::string_view name) {
  const DimensionEntry* entry = lexicon.dimension(name);
  if (entry != nullptr && !entry->shown.empty()) return entry->shown;
  std::string text(name);
  for (std::size_t at; (at = text.find("__")) != std::string::npos;) text.replace(at, 2, " ");
  return spoken(text);
}

std::string join_words(const std::vector<std::string>& words, std::string_view last) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? " " + std::string(last) + " " : ", ";
    out += words[i];
  }
  return out;
}

std::string lower_first(std::string text) {
  const bool initials = text.size() > 1 && text[1] >= 'A' && text[1] <= 'Z';
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z' && !initials)
    text[0] = static_cast<char>(text[0] + 32);
  return text;
}

/// Its label; its name where another metric is labelled the same.
static std::string metric_words(const Lexicon& lexicon, const std::string& name) {
  std::string label = metric_label(lexicon.index(), name);
  const bool is_shared =
      std::any_of(lexicon.metrics.begin(), lexicon.metrics.end(), [&](const MetricEntry& other) {
        return other.metric->name != name &&
               metric_label(lexicon.index(), other.metric->name) == label;
      });
  return is_shared ? name : label;
}

std::string question_for(const Lexicon& lexicon, const Frame& frame) {
  std::vector<std::string> metrics;
  for (const std::string& name : frame.metrics) metrics.push_back(metric_words(lexicon, name));
  std::string text;
  if (frame.metrics.empty()) {
    std::vector<std::string> labels;
    for (const std::string& group : frame.groups) labels.push_back(dimension_label(lexicon, group));
    text = "List " + join_words(labels);
  } else if (frame.rank && !frame.groups.empty() && frame.rank->count > 0) {
    text = (frame.rank->descending ? "Top " : "Bottom ") + std::to_string(frame.rank->count) + " " +
           dimension_label(lexicon, frame.groups[0]) + " by " + lower_first(join_words(metrics));
  } else if (frame.rank && frame.rank->count > 0 && (frame.grain || !frame.date_part.empty())) {
    const std::string unit = frame.grain                ? std::string(name_of(*frame.grain))
                             : frame.date_part == "dow" ? "weekday"
                                                        : frame.date_part + " of year";
    text = (frame.rank->descending ? "Top " : "Bottom ") + std::to_string(frame.rank->count) + " " +
           unit + " by " + lower_first(join_words(metrics));
  } else {
    text = join_words(metrics) + groups_words(lexicon, frame);
  }
  if (frame.share) text += " as a percentage of the total";
  if (frame.running_total) text += " as a running total";
  for (const auto& having : frame.having)
    text += (having.op == ">"    ? " more than "
             : having.op == "<"  ? " less than "
             : having.op == ">=" ? " at least "
                                 : " at most ") +
            number_text(having.value);
  std::string filters;
  for (const Filter& filter : frame.filters) {
    const std::string words = filter_words(lexicon, filter);
    if (!words.empty()) filters += (filters.empty() ? " for " : " and ") + words;
  }
  text += filters + period_words(frame.range);
  if (frame.comparison) {
    using To = MetricQuery::Comparison::To;
    text += frame.comparison->to == To::same_period_last_year
                ? " compared with the same period last year"
                : " compared with the previous period";
  }
  return text;
}

}  // namespace loquat::semantic::planner

namespace loquat::semantic {
namespace {

using planner::Frame;

/// Labels by output name, from the index alone.
std::map<std::string, std::string> labels_of(const ModelIndex& index,
                                             const std::vector<std::string>& metrics) {
  std::map<std::string, std::string> labels;
  if (const auto list = index.dimensions_for(metrics))
    for (const DimensionInfo& info : *list) labels[info.name] = info.label;
  return labels;
}

std::string group_word(const std::map<std::string, std::string>& labels, const std::string& item) {
  const auto at = labels.find(item);
  if (at != labels.end() && !at->second.empty()) return planner::lower_first(at->second);
  const auto cut = item.rfind("__");
  std::string last = cut == std::string::npos ? item : item.substr(cut + 2);
  if (item.find("date_part_name='dow'") != std::string::npos) return "weekday";
  if (item.starts_with("TimeDimension")) return "part of the date";
  std::replace(last.begin(), last.end(), '_', ' ');
  // Months of the booking date are other months than the metric's own.
  const std::string date = cut == std::string::npos ? "" : item.substr(0, cut);
  if (date == "metric_time" || !labels.contains(date)) return last;
  return last + " of " + group_word(labels, date);
}

/// Weeks of a project that starts them on another day than ISO does say so.
std::string with_week_start(const ModelIndex& index, std::string word) {
  static constexpr std::array<std::string_view, 7> kDays = {
      "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
  const int day = std::clamp(index.project().week_starts_on, 1, 7);
  if (day == 1 || (word != "week" && !word.starts_with("week of "))) return word;
  return word + " (from " + std::string(kDays[static_cast<std::size_t>(day - 1)]) + ")";
}

std::string where_words(const std::map<std::string, std::string>& labels, std::string text) {
  if (const auto out = planner::excluded_period(text)) return "not " + language::say(*out);
  for (std::size_t open; (open = text.find("{{")) != std::string::npos;) {
    const std::size_t close = text.find("}}", open);
    if (close == std::string::npos) break;
    const std::size_t first = text.find('\'', open);
    const std::size_t last = text.find('\'', first + 1);
    std::string name =
        first < close && last < close ? text.substr(first + 1, last - first - 1) : "";
    const std::string path = "entity_path=['";
    if (const auto at = text.find(path, open); at < close) {
      const auto begin = at + path.size();
      name = text.substr(begin, text.find('\'', begin) - begin) + "__" + name;
    }
    text.replace(open, close + 2 - open, group_word(labels, name));
  }
  return text;
}

}  // namespace

std::string filter_in_words(const ModelIndex& index, const contracts::MetricQuery& query,
                            std::size_t where) {
  const std::string& text = query.where.at(where);
  if (text.ends_with(" IS NOT NULL")) return "";
  return where_words(labels_of(index, query.metrics), text);
}

std::string interpret(const ModelIndex& index, const contracts::MetricQuery& query,
                      std::string_view time_phrase) {
  const auto labels = labels_of(index, query.metrics);
  std::vector<std::string> metrics, groups;
  for (const std::string& name : query.metrics)
    metrics.push_back(metrics.empty() ? planner::metric_label(index, name)
                                      : planner::lower_first(planner::metric_label(index, name)));
  for (const std::string& item : query.group_by)
    groups.push_back(with_week_start(index, group_word(labels, item)));
  std::string text =
      metrics.empty() ? "Values of " + planner::join_words(groups) : planner::join_words(metrics);
  if (!metrics.empty() && !groups.empty()) text += " by " + planner::join_words(groups);
  const std::string period = language::say({query.start_time, query.end_time});
  if (!period.empty())
    text += ", " + period;
  else if (!time_phrase.empty())
    text += ", " + std::string(time_phrase);
  std::vector<std::string> filters;
  for (const std::string& where : query.where) filters.push_back(where_words(labels, where));
  if (!filters.empty()) text += ", where " + planner::join_words(filters);
  for (const auto& having : query.having)
    text += ", only where " + planner::lower_first(planner::metric_label(index, having.metric)) +
            " " + having.op + " " + planner::number_text(having.value);
  if (query.comparison)
    text += ", compared with " + language::say({query.comparison->start, query.comparison->end});
  if (!query.shares.empty()) text += ", with each share of the total";
  if (!query.running_totals.empty()) text += ", with the running total";
  if (query.fill_time_gaps) text += ", periods without data included";
  const bool ranked = !query.order_by.empty() && query.limit;
  if (query.top_per_group)
    text += ", " + std::string(query.top_per_group->by.starts_with('-') ? "top " : "bottom ") +
            std::to_string(query.top_per_group->count) + " of each";
  else if (ranked)
    text += ", " + std::string(query.order_by[0].starts_with('-') ? "top " : "bottom ") +
            std::to_string(*query.limit);
  return text + ".";
}

}  // namespace loquat::semantic
