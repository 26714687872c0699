#include "semantic/language/calendar.hpp"

#include <algorithm>
#include <array>
#include <chrono>

namespace loquat::semantic::language {
namespace {

using std::chrono::sys_days;

int year_of(Date date) { return int(date.year()); }
int month_of(Date date) { return static_cast<int>(unsigned(date.month())); }

std::string say_day(Date date, bool with_year) {
  static constexpr std::array<std::string_view, 12> kMonths = {
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::string text = std::to_string(unsigned(date.day())) + ' ' +
                     std::string(kMonths[static_cast<std::size_t>(month_of(date) - 1)]);
  if (with_year) text += ' ' + std::to_string(year_of(date));
  return text;
}

}  // namespace

Date add_days(Date date, int days) { return sys_days{date} + std::chrono::days{days}; }

Date make_date(int year, int month, int day) {
  const std::chrono::year_month at{std::chrono::year{year},
                                   std::chrono::month{static_cast<unsigned>(month)}};
  const Date last = at / std::chrono::last;
  return at / std::chrono::day{std::min(static_cast<unsigned>(day), unsigned(last.day()))};
}

Date add_months(Date date, int months) {
  const int index = year_of(date) * 12 + month_of(date) - 1 + months;
  return make_date(index / 12, index % 12 + 1, static_cast<int>(unsigned(date.day())));
}

int days_between(Date from, Date to) {
  return static_cast<int>((sys_days{to} - sys_days{from}).count());
}

Date period_start(Date date, Grain grain, const Calendar& calendar, YearKind kind) {
  const int first = kind == YearKind::fiscal ? calendar.fiscal_year_start_month : 1;
  const int from_first = (month_of(date) - first + 12) % 12;
  const Date month_start = make_date(year_of(date), month_of(date), 1);
  switch (grain) {
    case Grain::week: {
      const std::chrono::weekday day{sys_days{date}};
      return add_days(date, -static_cast<int>((day.iso_encoding() + 7U -
                                               static_cast<unsigned>(calendar.week_starts_on)) %
                                              7U));
    }
    case Grain::month:
      return month_start;
    case Grain::quarter:
      return add_months(month_start, -(from_first % 3));
    case Grain::year:
      return add_months(month_start, -from_first);
    default:
      return date;
  }
}

Date shift(Date date, Grain grain, int count) {
  switch (grain) {
    case Grain::week:
      return add_days(date, 7 * count);
    case Grain::month:
      return add_months(date, count);
    case Grain::quarter:
      return add_months(date, 3 * count);
    case Grain::year:
      return add_months(date, 12 * count);
    default:
      return add_days(date, count);
  }
}

DateRange period(Date date, Grain grain, int steps, const Calendar& calendar, YearKind kind) {
  const Date start = shift(period_start(date, grain, calendar, kind), grain, steps);
  return {start, add_days(shift(start, grain, 1), -1)};
}

DateRange fiscal_year(int year, const Calendar& calendar) {
  const int first = calendar.fiscal_year_start_month;
  const Date start = make_date(first == 1 ? year : year - 1, first, 1);
  return {start, add_days(add_months(start, 12), -1)};
}

std::string say(const DateRange& range) {
  if (!range.start && !range.end) return "";
  if (!range.start) return "until " + say_day(*range.end, true);
  if (!range.end) return "since " + say_day(*range.start, true);
  if (*range.start == *range.end) return say_day(*range.start, true);
  const bool same_year = range.start->year() == range.end->year();
  return say_day(*range.start, !same_year) + " to " + say_day(*range.end, true);
}

}  // namespace loquat::semantic::language
