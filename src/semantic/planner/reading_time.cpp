#include <algorithm>

#include "semantic/language/calendar.hpp"
#include "semantic/language/text.hpp"
#include "semantic/language/word_forms.hpp"
#include "semantic/planner/draft_reader.hpp"

/// Grains, weekdays, periods and comparisons of periods.
namespace loquat::semantic::planner {

void DraftReader::grains() {
  const Edge* chosen = nullptr;
  for (const Edge* edge : draft_.grains) {
    const bool joined = edge->begin > 0 && setting_.tokens[edge->begin - 1].text == "and";
    if (edge->weak && draft_.grains.size() > 1 && !joined) continue;
    // By year and month: the months tell the years too.
    if (chosen == nullptr || edge->grain < chosen->grain) chosen = edge;
  }
  if (chosen == nullptr && !draft_.grains.empty()) chosen = draft_.grains.front();
  if (chosen != nullptr) {
    if (chosen->weak && !draft_.which && !reading_.follow_up) reading_.score -= 0.3;
    frame_.grain = chosen->grain;
    if (reading_.follow_up) {
      changed("grain");
      if (draft_.instead && !replaced_groups_ && draft_.replaced.empty() &&
          draft_.dimensions.empty() && !frame_.groups.empty()) {
        frame_.groups.clear();
        changed("grouping");
      }
      frame_.date_part.clear();
      frame_.rank.reset();
    }
  }
  for (const Edge* edge : draft_.parts) weekday(*edge);
}

void DraftReader::weekday(const Edge& edge) {
  if (edge.weekdays.empty() || draft_.compare || draft_.each) {
    // Groups of days side by side are no grouping that a query has.
    if (edge.weekdays.size() > 1) misfit(words_of(edge));
    const bool named_days =
        draft_.parts.size() > 1 &&
        std::all_of(draft_.parts.begin(), draft_.parts.end(),
                    [](const Edge* part) { return part->weekdays.size() == 1; });
    if (named_days) filter_weekdays();
    frame_.date_part = edge.part;
    if (reading_.follow_up) {
      frame_.grain.reset();
      changed("grouping");
    }
    return;
  }
  filter_weekdays();
}

void DraftReader::filter_weekdays() {
  if (days_filtered_) return;
  days_filtered_ = true;
  std::vector<int> days;
  for (const Edge* other : draft_.parts)
    days.insert(days.end(), other->weekdays.begin(), other->weekdays.end());
  std::sort(days.begin(), days.end());
  days.erase(std::unique(days.begin(), days.end()), days.end());
  std::string list;
  for (const int day : days) list += (list.empty() ? "" : ", ") + std::to_string(day);
  const std::string subject = "{{ TimeDimension('" + frame_.axis + "', date_part_name='dow') }}";
  std::erase_if(frame_.filters, [&](const Filter& filter) {
    return filter.kind == Filter::Kind::raw && filter.values[0].starts_with(subject);
  });
  frame_.filters.push_back(
      {Filter::Kind::raw,
       "",
       {subject + (draft_.excluded_parts ? " NOT" : "") + " IN (" + list + ")"}});
  if (reading_.follow_up) changed("filter");
}

/// `bookings made last week`, where a date beside the metric's own is when they were made: the
/// verb before a period that only that date's name or description has.
void DraftReader::date_by_verb() {
  if (frame_.axis != "metric_time" || draft_.times.empty() || metric_ids_.empty()) return;
  const std::size_t begin = draft_.times.front()->begin;
  if (begin == 0) return;
  std::size_t at = begin - 1;
  while (at > 0 && language::is_function_text(setting_.tokens[at].text)) --at;
  const Token& verb = setting_.tokens[at];
  if (!language::is_participle(verb.text) || !language::is_filler(verb)) return;
  const DimensionEntry* found = nullptr;
  bool own = false;
  for (std::uint32_t id = 0; id < lexicon_.dimensions.size(); ++id) {
    const DimensionEntry& date = lexicon_.dimensions[id];
    if (!date.info.is_time || date.info.name == "metric_time" || !reachable(id)) continue;
    const contracts::Metric& metric = *lexicon_.metrics[metric_ids_.front()].metric;
    const bool is_own = own_axis(metric, date);
    const auto words = language::words_of_name(date.info.name + " " + date.info.label + " " +
                                               date.info.description);
    const bool says = std::any_of(words.begin(), words.end(),
                                  [&](const Token& word) { return word.stem == verb.stem; });
    if (!says) continue;
    own = own || is_own;
    if (found == nullptr || date.hops < found->hops) found = &date;
  }
  if (own || found == nullptr) return;
  frame_.axis = found->info.name;
  reading_.doubt += 0.1;
  changed("date");
}

void DraftReader::periods() {
  date_by_verb();
  std::vector<DateRange> ranges;
  for (const Edge* edge : draft_.times)
    if (std::find(ranges.begin(), ranges.end(), edge->range) == ranges.end())
      ranges.push_back(edge->range);
  if (!ranges.empty()) {
    if (reading_.follow_up) changed("period");
    const bool against_previous =
        draft_.compare && reading_.follow_up && ranges.size() == 1 && frame_.range.start;
    if (against_previous) {
      compare_with(ranges[0]);
    } else {
      frame_.comparison.reset();
      frame_.range = ranges[0];
      if (ranges.size() == 2) second_period(ranges[1]);
      if (ranges.size() > 2) misfit("more than two periods");
    }
  } else if (draft_.everything && reading_.follow_up) {
    frame_.range = {};
    changed("period");
  }
  for (const Edge* edge : draft_.excluded_times) exclude_period(*edge);
  if (draft_.previous_period || draft_.last_year) {
    relative_comparison();
    if (reading_.follow_up) changed("comparison");
  }
  if (!frame_.range.start && frame_.range.end && setting_.request.data_start &&
      *setting_.request.data_start <= *frame_.range.end)
    frame_.range.start = setting_.request.data_start;
}

/// `2024 without December`: cut off where it stands at an end of the period, else filtered out.
void DraftReader::exclude_period(const Edge& edge) {
  DateRange out = edge.range;
  const DateRange& whole = frame_.range;
  if (!out.start || !out.end || (!edge.has_year && (!whole.start || !whole.end)))
    return misfit(words_of(edge));
  if (!edge.has_year && !place_in(whole, out)) return misfit(words_of(edge));
  if (reading_.follow_up) changed("period");
  const bool inside = whole.start && whole.end && *whole.start <= *out.start &&
                      *out.end <= *whole.end && !(out == whole);
  if (whole.start && whole.end && !inside) return misfit(words_of(edge));
  if (inside && *out.end == *whole.end) {
    frame_.range.end = language::add_days(*out.start, -1);
  } else if (inside && *out.start == *whole.start) {
    frame_.range.start = language::add_days(*out.end, 1);
  } else {
    frame_.filters.push_back({Filter::Kind::raw, "", {without_period(frame_.axis, out)}});
  }
}

/// The one year of `whole` in which a bare month or day can be meant.
bool DraftReader::place_in(const DateRange& whole, DateRange& out) {
  std::vector<DateRange> fits;
  for (int year = int(whole.start->year()); year <= int(whole.end->year()); ++year) {
    const int months = 12 * (year - int(out.start->year()));
    const Date start = language::add_months(*out.start, months);
    const Date next = language::add_months(language::add_days(*out.end, 1), months);
    const DateRange there{start, language::add_days(next, -1)};
    if (*whole.start <= *there.start && *there.end <= *whole.end) fits.push_back(there);
  }
  if (fits.size() != 1) return false;
  out = fits[0];
  return true;
}

void DraftReader::second_period(const DateRange& second) {
  if (draft_.compare) {
    compare_with(second);
    return;
  }
  DateRange& first = frame_.range;
  if (!first.start || !first.end || !second.start || !second.end) {
    misfit("a second period");
  } else if (*first.start <= *second.start && *second.end <= *first.end) {
    first = second;
  } else if (*second.start <= *first.start && *first.end <= *second.end) {
    return;
  } else if (language::days_between(*first.end, *second.start) == 1) {
    first.end = second.end;
  } else {
    misfit("a second period");
  }
}

void DraftReader::compare_with(DateRange other) {
  if (!other.start || !other.end || !frame_.range.start || !frame_.range.end) {
    misfit("the comparison");
    return;
  }
  // June compared with last year: with June of last year.
  const int own = language::days_between(*frame_.range.start, *frame_.range.end) + 1;
  const int theirs = language::days_between(*other.start, *other.end) + 1;
  const int years = int(frame_.range.start->year()) - int(other.start->year());
  if (theirs >= 365 && own < 200 && years > 0)
    other = {language::add_months(*frame_.range.start, -12 * years),
             language::add_months(*frame_.range.end, -12 * years)};
  const bool year_apart = language::add_months(*frame_.range.start, -12) == *other.start &&
                          language::add_months(*frame_.range.end, -12) == *other.end;
  frame_.comparison =
      MetricQuery::Comparison{year_apart ? MetricQuery::Comparison::To::same_period_last_year
                                         : MetricQuery::Comparison::To::previous_period,
                              *other.start, *other.end};
}

void DraftReader::relative_comparison() {
  if (!frame_.range.start || !frame_.range.end) {
    lack(Lack::period, "", kMisfit);
    return;
  }
  const Date start = *frame_.range.start, end = *frame_.range.end;
  using To = MetricQuery::Comparison::To;
  if (draft_.last_year) {
    frame_.comparison =
        MetricQuery::Comparison{To::same_period_last_year, language::add_months(start, -12),
                                language::add_months(end, -12)};
    return;
  }
  for (const Grain grain : {Grain::year, Grain::quarter, Grain::month}) {
    if (language::period_start(start, grain, setting_.calendar) != start) continue;
    const Date last = language::add_days(language::shift(start, grain, 1), -1);
    if (end > last) continue;
    const Date from = language::shift(start, grain, -1);
    const Date to = end == last ? language::add_days(start, -1) : language::shift(end, grain, -1);
    const bool to_date = end == last || end == setting_.calendar.today;
    if (!to_date) continue;
    frame_.comparison = MetricQuery::Comparison{To::previous_period, from, to};
    return;
  }
  const int length = language::days_between(start, end) + 1;
  frame_.comparison = MetricQuery::Comparison{
      To::previous_period, language::add_days(start, -length), language::add_days(start, -1)};
}

}  // namespace loquat::semantic::planner
