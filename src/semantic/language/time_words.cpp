// long: one grammar of time, read from top to bottom.
#include "semantic/language/time_words.hpp"

#include <array>
#include <cmath>
#include <string_view>
#include <utility>

#include "semantic/language/word_forms.hpp"

namespace loquat::semantic::language {
namespace {

constexpr std::array<std::pair<std::string_view, Grain>, 6> kUnits = {{{"hour", Grain::hour},
                                                                       {"day", Grain::day},
                                                                       {"week", Grain::week},
                                                                       {"month", Grain::month},
                                                                       {"quarter", Grain::quarter},
                                                                       {"year", Grain::year}}};
constexpr std::array<std::string_view, 12> kMonths = {
    "january", "february", "march",     "april",   "may",      "june",
    "july",    "august",   "september", "october", "november", "december"};
constexpr std::array<std::string_view, 7> kWeekdays = {
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};

bool near(std::string_view word, std::string_view wanted) {
  if (word == wanted) return true;
  return word.size() >= 4 && wanted.size() >= 5 && word[0] == wanted[0] &&
         edit_distance(word, wanted, 1) <= 1;
}

int month_named(const Token& token) {
  for (std::size_t i = 0; i < kMonths.size(); ++i)
    if (near(token.text, kMonths[i]) || token.text == kMonths[i].substr(0, 3) ||
        (i == 8 && token.text == "sept"))
      return static_cast<int>(i) + 1;
  return 0;
}

int weekday_named(const Token& token) {
  for (std::size_t i = 0; i < kWeekdays.size(); ++i)
    if (near(token.stem, kWeekdays[i])) return static_cast<int>(i) + 1;
  return 0;
}

/// A holiday with a fixed date, a weekday of a month, or a distance from Easter.
struct Holiday {
  std::array<std::string_view, 3> words;
  int month = 0;    ///< 0: counted from Easter Sunday
  int day = 0;      ///< of the month, or days after Easter
  int weekday = 0;  ///< ISO; then `day` is the earliest it can be
  int after = 0;    ///< days added in the end
};
constexpr std::array<Holiday, 25> kHolidays = {{{{"christmas", "eve", ""}, 12, 24},
                                                {{"christmas", "", ""}, 12, 25},
                                                {{"xmas", "", ""}, 12, 25},
                                                {{"boxing", "day", ""}, 12, 26},
                                                {{"new", "year", "eve"}, 12, 31},
                                                {{"new", "years", "eve"}, 12, 31},
                                                {{"new", "year", "day"}, 1, 1},
                                                {{"new", "years", "day"}, 1, 1},
                                                {{"epiphany", "", ""}, 1, 6},
                                                {{"valentine", "day", ""}, 2, 14},
                                                {{"valentines", "day", ""}, 2, 14},
                                                {{"labour", "day", ""}, 5, 1},
                                                {{"labor", "day", ""}, 9, 1, 1},
                                                {{"halloween", "", ""}, 10, 31},
                                                {{"singles", "day", ""}, 11, 11},
                                                {{"thanksgiving", "", ""}, 11, 22, 4},
                                                {{"black", "friday", ""}, 11, 22, 4, 1},
                                                {{"cyber", "monday", ""}, 11, 22, 4, 4},
                                                {{"good", "friday", ""}, 0, -2},
                                                {{"easter", "monday", ""}, 0, 1},
                                                {{"easter", "sunday", ""}, 0, 0},
                                                {{"easter", "", ""}, 0, 0},
                                                {{"ascension", "day", ""}, 0, 39},
                                                {{"whit", "monday", ""}, 0, 50},
                                                {{"pentecost", "", ""}, 0, 49}}};

/// Easter Sunday of the Gregorian calendar (Meeus, Jones and Butcher's rule).
Date easter_sunday(int year) {
  const int a = year % 19, b = year / 100, c = year % 100;
  const int d = b / 4, e = b % 4, f = (b + 8) / 25, g = (b - f + 1) / 3;
  const int h = (19 * a + b - d - g + 15) % 30;
  const int i = c / 4, k = c % 4, l = (32 + 2 * e + 2 * i - h - k) % 7;
  const int m = (a + 11 * h + 22 * l) / 451;
  const int n = h + l - 7 * m + 114;
  return make_date(year, n / 31, n % 31 + 1);
}

Date holiday_in(const Holiday& holiday, int year) {
  if (holiday.month == 0) return add_days(easter_sunday(year), holiday.day);
  Date day = make_date(year, holiday.month, holiday.day);
  if (holiday.weekday != 0) {
    const int named =
        static_cast<int>(std::chrono::weekday{std::chrono::sys_days{day}}.iso_encoding());
    day = add_days(day, (holiday.weekday - named + 7) % 7);
  }
  return add_days(day, holiday.after);
}

/// Reads periods with one token of position; every function leaves `at_` alone if it fails.
class PeriodReader {
 public:
  PeriodReader(std::span<const Token> tokens, std::size_t at, const Calendar& calendar)
      : tokens_(tokens), at_(at), begin_(at), calendar_(calendar) {}

  std::optional<TimePhrase> read() {
    auto range = whole();
    if (!range) return std::nullopt;
    return TimePhrase{begin_, at_, *range, weak_, year_said_ || is_relative()};
  }

 private:
  [[nodiscard]] bool left(std::size_t count = 1) const { return at_ + count <= tokens_.size(); }
  [[nodiscard]] const Token& token(std::size_t ahead = 0) const { return tokens_[at_ + ahead]; }
  [[nodiscard]] bool is(std::string_view text, std::size_t ahead = 0) const {
    return left(ahead + 1) && token(ahead).text == text;
  }
  template <class... Words>
  bool take(Words... words) {
    if ((is(words) || ...)) {
      ++at_;
      return true;
    }
    return false;
  }
  template <class... Words>
  [[nodiscard]] bool any_of(std::size_t ahead, Words... words) const {
    return (is(words, ahead) || ...);
  }

  [[nodiscard]] bool is_relative() const {
    for (std::size_t i = begin_; i < at_; ++i)
      for (const std::string_view word : {"last", "this", "previous", "past", "prior", "current",
                                          "next", "ago", "today", "yesterday", "ytd", "mtd", "qtd"})
        if (tokens_[i].text == word) return true;
    return false;
  }

  std::optional<DateRange> whole() {
    const std::size_t start = at_;
    if (take("since")) return open_end(start);
    if (is("as") && any_of(1, "of", "at")) {
      at_ += 2;
      auto range = point();
      if (!range || !range->end) return fail(start);
      return DateRange{std::nullopt, std::min(*range->end, calendar_.today)};
    }
    if (take("between")) return joined(start, true);
    if (take("from", "starting", "beginning")) {
      take("in", "on", "with");
      if (auto range = joined(start, false)) return range;
      at_ = start + 1;
      return open_end(start);
    }
    if (take("after")) {
      if (auto range = point(); range && range->end)
        return DateRange{add_days(*range->end, 1), std::nullopt};
      return fail(start);
    }
    if (take("until", "till", "before", "through") ||
        (is("up", 0) && any_of(1, "to", "until") && (at_ += 2, true))) {
      const bool before = tokens_[start].text == "before";
      auto range = point();
      if (!range || !range->start) return fail(start);
      // `month by month through 2025` stays within it.
      const bool is_year = range->end && add_days(add_months(*range->start, 12), -1) == *range->end;
      if (tokens_[start].text == "through" && is_year) return range;
      return DateRange{std::nullopt, before ? add_days(*range->start, -1) : range->end};
    }
    while (take("in", "for", "during", "of", "on", "at", "over", "within", "throughout")) {
      prepositioned_ = true;
    }
    if (is("the") && left(2)) ++at_;
    if (at_ != start) {
      if (auto range = joined(start, false)) return range;
      at_ = start;
      while (take("in", "for", "during", "of", "on", "at", "over", "within", "throughout", "the")) {
      }
    } else if (auto range = joined(start, false)) {
      return range;
    }
    if (auto range = point()) return range;
    return fail(start);
  }

  std::optional<DateRange> fail(std::size_t start) {
    at_ = start;
    return std::nullopt;
  }

  std::optional<DateRange> open_end(std::size_t start) {
    auto range = point();
    if (!range || !range->start) return fail(start);
    take("on", "onward", "onwards", "forward");
    const Date end = *range->start > calendar_.today ? *range->end : calendar_.today;
    return DateRange{range->start, end};
  }

  /// `X to Y`, `X and Y` after between, `5 to 14 February 2024`, `March to June`.
  std::optional<DateRange> joined(std::size_t start, bool between) {
    const std::size_t at_left = at_;
    const auto joins = [&] {
      if (between) return take("and", "to");
      if (take("to", "until", "till", "through", "thru", "til")) return true;
      return left() && token().before == '-' && at_ > at_left;
    };
    if (left(2) && token().number && *token().number <= 31 && *token().number >= 1) {
      const int day = static_cast<int>(*token().number);
      ++at_;
      take("of");
      if (joins())
        if (auto right = point(); right && right->start == right->end && right->start) {
          const Date end = *right->start;
          return DateRange{make_date(int(end.year()), static_cast<int>(unsigned(end.month())), day),
                           end};
        }
      at_ = at_left;
    }
    auto first = point();
    if (!first || !joins()) return fail(start);
    const bool year_missing = !year_said_;
    const std::size_t right_begin = at_;
    year_said_ = false;
    auto second = point();
    if (!second || !second->end || !first->start) return fail(start);
    if (year_missing && year_said_) {  // `March to June 2024`: the year is meant for both
      const Calendar there{*second->end, calendar_.fiscal_year_start_month,
                           calendar_.week_starts_on};
      first = PeriodReader(tokens_, at_left, there).point();
    }
    if (!first || !first->start || *first->start > *second->end) {
      at_ = right_begin;
      return fail(start);
    }
    return DateRange{first->start, second->end};
  }

  std::optional<DateRange> point() {
    take("the");
    if (!left()) return std::nullopt;
    if (token().date) {
      year_said_ = true;
      const Date date = *tokens_[at_++].date;
      return DateRange{date, date};
    }
    if (auto range = edge_of()) return range;
    if (auto range = period_of_day()) return range;
    if (auto range = relative_day()) return range;
    if (auto range = holiday()) return range;
    if (auto range = to_date()) return range;
    if (auto range = nth_of()) return range;
    if (auto range = relative_period()) return range;
    if (auto range = quarter_or_half()) return range;
    if (auto range = fiscal()) return range;
    if (auto range = day_and_month()) return range;
    if (auto range = year_number()) return range;
    return std::nullopt;
  }

  static DateRange one(Date date) { return {date, date}; }

  /// `the end of June 2023`, `the start of last year`: one day of the period.
  std::optional<DateRange> edge_of() {
    const std::size_t start = at_;
    const bool end = any_of(0, "end", "close");
    if (!end && !any_of(0, "start", "beginning", "begin")) return std::nullopt;
    ++at_;
    if (!take("of")) return fail(start);
    auto range = point();
    if (!range || !range->start || !range->end) return fail(start);
    return one(end ? *range->end : *range->start);
  }

  /// `the week of 24 December`, `the month of Easter`: the period that holds the day.
  std::optional<DateRange> period_of_day() {
    const std::size_t start = at_;
    const auto unit = left(3) ? unit_of(token()) : std::nullopt;
    if (!unit || *unit < Grain::week || !is("of", 1)) return std::nullopt;
    at_ += 2;
    auto day = point();
    if (!day || !day->start || day->start != day->end) return fail(start);
    return period(*day->start, *unit, 0, calendar_);
  }

  /// `Christmas 2024`, `last Black Friday`, `New Year's Day`: without a year the latest that began.
  std::optional<DateRange> holiday() {
    const std::size_t start = at_;
    const bool past = any_of(0, "last", "past", "previous");
    if (past || any_of(0, "this", "next")) ++at_;
    const bool next = at_ > start && tokens_[start].text == "next";
    if (!left()) return fail(start);
    for (const Holiday& known : kHolidays) {
      std::size_t width = 0;
      while (width < known.words.size() && !known.words[width].empty() &&
             is(known.words[width], width))
        ++width;
      if (width == 0 || (width < known.words.size() && !known.words[width].empty())) continue;
      at_ += width;
      take("day");
      const DateRange year = year_after();
      if (year.start) return one(holiday_in(known, int(year.start->year())));
      const int now = int(calendar_.today.year());
      Date day = holiday_in(known, now);
      if (next && day <= calendar_.today) day = holiday_in(known, now + 1);
      if (!next && day > calendar_.today) day = holiday_in(known, now - 1);
      return one(day);
    }
    return fail(start);
  }

  std::optional<DateRange> relative_day() {
    const Date today = calendar_.today;
    if (any_of(0, "today", "tonight")) return ++at_, one(today);
    if (near(token().text, "yesterday")) return ++at_, one(add_days(today, -1));
    if (near(token().text, "tomorrow")) return ++at_, one(add_days(today, 1));
    if (is("day") && is("before", 1) && is("yesterday", 2))
      return at_ += 3, one(add_days(today, -2));
    if (left(3) && token().number && unit_of(token(1)) && is("ago", 2)) {
      const int count = static_cast<int>(*token().number);
      const Grain unit = *unit_of(token(1));
      at_ += 3;
      return unit == Grain::day ? one(add_days(today, -count))
                                : period(today, unit, -count, calendar_);
    }
    const bool this_one = any_of(0, "last", "this", "past", "previous");
    if (const int day = left(2) && this_one ? weekday_named(token(1)) : 0; day != 0) {
      const int now =
          static_cast<int>(std::chrono::weekday{std::chrono::sys_days{today}}.iso_encoding());
      int back = (now - day + 7) % 7;
      if (back == 0 && !is("this")) back = 7;
      at_ += 2;
      return one(add_days(today, -back));
    }
    return std::nullopt;
  }

  std::optional<DateRange> to_date() {
    constexpr std::array<std::pair<std::string_view, Grain>, 4> kShort = {{{"ytd", Grain::year},
                                                                           {"qtd", Grain::quarter},
                                                                           {"mtd", Grain::month},
                                                                           {"wtd", Grain::week}}};
    for (const auto& [word, grain] : kShort)
      if (take(word)) return upto(grain, YearKind::calendar);
    const std::size_t start = at_;
    const bool fiscal_said = take("fiscal", "financial");
    if (left(3) && unit_of(token()) && is("to", 1) && is("date", 2)) {
      const Grain grain = *unit_of(token());
      at_ += 3;
      return upto(grain, fiscal_said ? YearKind::fiscal : YearKind::calendar);
    }
    at_ = start;
    return std::nullopt;
  }

  DateRange upto(Grain grain, YearKind kind) const {
    return {period_start(calendar_.today, grain, calendar_, kind), calendar_.today};
  }

  /// `first week of June 2025`, `second half of 2024`, `last quarter of last year`.
  std::optional<DateRange> nth_of() {
    const std::size_t start = at_;
    const bool last = is("last") || is("final");
    if (!last && !(token().ordinal && *token().number <= 53)) return std::nullopt;
    const int nth = last ? 0 : static_cast<int>(*token().number);
    ++at_;
    std::optional<int> span_count;
    if (left(2) && token().number && unit_of(token(1))) {
      span_count = static_cast<int>(*token().number);
      ++at_;
    }
    const bool half = left() && token().stem == "half";
    const auto unit = left() ? unit_of(token()) : std::nullopt;
    if (!half && !unit) return fail(start);
    ++at_;
    if (!take("of", "in")) return fail(start);
    auto outer = point();
    if (!outer || !outer->start || !outer->end) {
      at_ = start;
      return std::nullopt;
    }
    return half ? halves(*outer, nth, last) : parts(*outer, *unit, nth, last, span_count);
  }

  static DateRange halves(const DateRange& year, int nth, bool last) {
    const Date middle = add_months(*year.start, 6);
    if (nth == 1 && !last) return {year.start, add_days(middle, -1)};
    return {middle, add_days(add_months(*year.start, 12), -1)};
  }

  /// Weeks are counted in sevens from the first day of a shorter period: the first week of June
  /// is 1 to 7 June, whatever weekday that is.
  static DateRange parts(const DateRange& outer, Grain unit, int nth, bool last,
                         std::optional<int> span_count) {
    const int count = span_count.value_or(1);
    if (last) {
      const Date after = add_days(*outer.end, 1);
      return {shift(after, unit, -count), *outer.end};
    }
    const Date start = shift(*outer.start, unit, (nth - 1) * count);
    return {start, add_days(shift(start, unit, count), -1)};
  }

  /// `this month`, `last fiscal year`, `the last 7 days`, `past year`, `next week`, `3 months`.
  std::optional<DateRange> relative_period() {
    const std::size_t start = at_;
    const bool past = any_of(0, "last", "past", "previous", "prior", "trailing", "preceding");
    const bool now = any_of(0, "this", "current", "present", "ongoing");
    const bool next = any_of(0, "next", "coming", "following", "upcoming");
    if (!past && !now && !next) return std::nullopt;
    ++at_;
    std::optional<int> count;
    if (left(2) && token().number && *token().number < 1000) {
      count = static_cast<int>(*token().number);
      ++at_;
    } else if (is("couple") && is("of", 1)) {
      count = 2;
      at_ += 2;
    }
    take("full", "whole", "complete", "calendar", "rolling");
    const YearKind kind = take("fiscal", "financial") ? YearKind::fiscal : YearKind::calendar;
    if (left() && token().stem == "half" && !count) return half_year(past ? -1 : next ? 1 : 0);
    if (kind == YearKind::calendar && take("fy")) {
      year_said_ = true;
      return relative(Grain::year, YearKind::fiscal, count, past, now);
    }
    const auto unit = left() ? unit_of(token()) : std::nullopt;
    if (!unit || *unit == Grain::hour) return fail(start);
    ++at_;
    year_said_ = *unit == Grain::year;
    if (now && take("to") && !take("date")) --at_;
    take("so") && take("far");
    return relative(*unit, kind, count, past, now);
  }

  DateRange relative(Grain unit, YearKind kind, std::optional<int> count, bool past,
                     bool now) const {
    const Date today = calendar_.today;
    if (now) return {period_start(today, unit, calendar_, kind), today};
    if (!past) {
      const DateRange first = period(today, unit, 1, calendar_, kind);
      return {first.start, period(today, unit, count.value_or(1), calendar_, kind).end};
    }
    if (!count) return period(today, unit, -1, calendar_, kind);
    if (unit == Grain::day) return {add_days(today, 1 - *count), today};
    return {period(today, unit, -*count, calendar_, kind).start,
            period(today, unit, -1, calendar_, kind).end};
  }

  DateRange half_year(int steps) {
    ++at_;
    if (left() && token().stem == "year") ++at_;
    const Date year = period_start(calendar_.today, Grain::year, calendar_);
    const int index = (unsigned(calendar_.today.month()) > 6 ? 1 : 0) + steps;
    const Date start = add_months(year, 6 * index);
    const Date end = add_days(add_months(start, 6), -1);
    return {start, steps == 0 ? calendar_.today : end};
  }

  /// `Q1 2025`, `2025 Q1`, `H2 of last year`, `third quarter` without a year.
  std::optional<DateRange> quarter_or_half() {
    const std::size_t start = at_;
    if (left(2) && fiscal_word(token().text) &&
        (is_part(token(1).text) || (token(1).ordinal && *token(1).number <= 4)))
      ++at_;
    std::string_view mark = token().text;
    int year = 0;
    if (mark.size() == 6 && (mark[4] == 'q' || mark[4] == 'h') && token().number == std::nullopt) {
      year = std::atoi(std::string(mark.substr(0, 4)).c_str());
      mark = mark.substr(4);
    } else if (left(2) && is_year(token()) && is_part(token(1).text)) {
      year = static_cast<int>(*token().number);
      mark = token(1).text;
      ++at_;
    } else if (left(2) && token().ordinal && *token().number <= 4 &&
               (token(1).stem == "quarter" || token(1).stem == "half")) {
      part_ =
          (token(1).stem == "half" ? "h" : "q") + std::to_string(static_cast<int>(*token().number));
      mark = part_;
      ++at_;
    }
    if (!is_part(mark)) return fail(start);
    // `Q2 FY25`, `fiscal Q2 2025`
    const int nth = mark[1] - '0';
    const bool half = mark[0] == 'h';
    ++at_;
    after_part_ = true;
    const bool fiscal_mark = at_ > start + 1 && fiscal_word(tokens_[start].text);
    const DateRange outer = quarter_year(year, fiscal_mark);
    after_part_ = false;
    if (!outer.start) return recent_part(nth, half);
    return half ? halves(outer, nth, false)
                : parts(outer, Grain::quarter, nth, false, std::nullopt);
  }

  static bool fiscal_word(std::string_view text) { return text == "fiscal" || text == "financial"; }

  DateRange quarter_year(int year, bool fiscal_mark) {
    if (year != 0) return fiscal_mark ? fiscal_year(year, calendar_) : whole_year(year);
    const std::size_t before = at_;
    take("of", "in");
    take("the");
    if (left())
      if (auto range = fiscal()) return *range;
    at_ = before;
    const DateRange plain = year_after();
    if (!fiscal_mark) return plain;
    if (plain.start) return fiscal_year(int(plain.start->year()), calendar_);
    return period(calendar_.today, Grain::year, 0, calendar_, YearKind::fiscal);
  }

  static bool is_part(std::string_view text) {
    if (text.size() != 2) return false;
    return (text[0] == 'q' && text[1] >= '1' && text[1] <= '4') ||
           (text[0] == 'h' && (text[1] == '1' || text[1] == '2'));
  }

  DateRange recent_part(int nth, bool half) const {
    const Date this_year = period_start(calendar_.today, Grain::year, calendar_);
    for (int back = 0;; ++back) {
      const Date year = add_months(this_year, -12 * back);
      const DateRange whole{year, add_days(add_months(year, 12), -1)};
      const DateRange part =
          half ? halves(whole, nth, false) : parts(whole, Grain::quarter, nth, false, std::nullopt);
      if (*part.start <= calendar_.today) return part;
    }
  }

  static DateRange whole_year(int year) { return {make_date(year, 1, 1), make_date(year, 12, 31)}; }

  static bool is_year(const Token& token) {
    return token.number && !token.ordinal && *token.number >= 1900 && *token.number <= 2100 &&
           std::floor(*token.number) == *token.number && token.shown.size() == 4;
  }

  /// The year that follows a month, quarter or day: `2024`, `of last year`, `'24`.
  DateRange year_after() {
    const std::size_t start = at_;
    take("of", "in");
    take("the");
    if (left() && is_year(token())) {
      year_said_ = true;
      return whole_year(static_cast<int>(*tokens_[at_++].number));
    }
    if (left(2) && any_of(0, "last", "previous", "this", "past") && token(1).stem == "year") {
      const int steps = is("this") ? 0 : -1;
      at_ += 2;
      year_said_ = true;
      return period(calendar_.today, Grain::year, steps, calendar_);
    }
    const bool short_year = left() && token().number && token().shown.size() == 2 &&
                            *token().number >= 10 && *token().number < 60 &&
                            std::floor(*token().number) == *token().number;
    if (short_year && (token().before == '\'' || after_part_)) {
      year_said_ = true;
      return whole_year(2000 + static_cast<int>(*tokens_[at_++].number));
    }
    at_ = start;
    return {};
  }

  std::optional<DateRange> fiscal() {
    const std::size_t start = at_;
    const std::string& text = token().text;
    if (text.size() >= 4 && text.starts_with("fy") && text[2] >= '0' && text[2] <= '9') {
      int year = std::atoi(text.c_str() + 2);
      if (year < 100) year += 2000;
      ++at_;
      year_said_ = true;
      return fiscal_year(year, calendar_);
    }
    if (!take("fiscal", "financial", "fy")) return std::nullopt;
    if (left() && token().stem == "year") ++at_;
    if (!left() || !is_year(token())) return fail(start);
    year_said_ = true;
    return fiscal_year(static_cast<int>(*tokens_[at_++].number), calendar_);
  }

  /// `June 2025`, `14 February 2024`, `June 5th`, `July` (the latest that has begun).
  std::optional<DateRange> day_and_month() {
    const std::size_t start = at_;
    int day = 0;
    // `last August` is the last that is over.
    const bool last = left(2) && any_of(0, "last", "past", "previous") &&
                      month_named(token(1)) != 0 && token(1).text != "may" &&
                      token(1).text != "march";
    if (last) ++at_;
    const auto is_day = [](const Token& token) {
      return token.number && *token.number >= 1 && *token.number <= 31 &&
             std::floor(*token.number) == *token.number;
    };
    if (left(2) && is_day(token())) {
      day = static_cast<int>(*token().number);
      ++at_;
      take("of");
    }
    const int month = left() ? month_named(token()) : 0;
    if (month == 0) return fail(start);
    const bool verb_too = is("may") || is("march") || is("mar") || is("sat");
    ++at_;
    if (day == 0 && left() && is_day(token()) && !is_year(token()) &&
        !(left(2) && unit_of(token(1)))) {
      day = static_cast<int>(*tokens_[at_++].number);
    }
    DateRange year = year_after();
    if (!year.start && verb_too && day == 0 && !prepositioned_ && !said_before()) weak_ = true;
    DateRange found = in_month(year, month, day);
    if (last && !year.start && *found.end >= calendar_.today)
      found = {add_months(*found.start, -12), add_days(add_months(*found.start, -11), -1)};
    return found;
  }

  [[nodiscard]] bool said_before() const {
    return begin_ > 0 && (tokens_[begin_ - 1].text == "to" || tokens_[begin_ - 1].text == "and");
  }

  [[nodiscard]] DateRange in_month(const DateRange& year, int month, int day) const {
    const Date base = year.start.value_or(calendar_.today);
    Date start = make_date(int(base.year()), month, day == 0 ? 1 : day);
    if (!year.start && start > calendar_.today) start = add_months(start, -12);
    if (day != 0) return one(start);
    return {start, add_days(add_months(start, 1), -1)};
  }

  std::optional<DateRange> year_number() {
    const std::size_t start = at_;
    const bool said = take("year", "calendar") && (take("year"), true);
    if (!left() || !is_year(token())) return fail(start);
    const int year = static_cast<int>(*token().number);
    // `2025-06` is a month
    if (left(2) && token(1).before == '-' && token(1).number && token(1).shown.size() == 2 &&
        *token(1).number >= 1 && *token(1).number <= 12) {
      const int month = static_cast<int>(*token(1).number);
      at_ += 2;
      year_said_ = true;
      return in_month(whole_year(year), month, 0);
    }
    ++at_;
    year_said_ = true;
    weak_ = !said && !prepositioned_ && year < 1980;
    return whole_year(year);
  }

  std::span<const Token> tokens_;
  std::size_t at_;
  std::size_t begin_;
  Calendar calendar_;
  std::string part_;
  bool weak_ = false, year_said_ = false, prepositioned_ = false, after_part_ = false;
};

constexpr std::array<std::pair<std::string_view, Grain>, 8> kAdverbs = {
    {{"hourly", Grain::hour},
     {"daily", Grain::day},
     {"weekly", Grain::week},
     {"monthly", Grain::month},
     {"quarterly", Grain::quarter},
     {"yearly", Grain::year},
     {"annual", Grain::year},
     {"annually", Grain::year}}};

bool asks_for_split(std::string_view word) {
  return word == "by" || word == "per" || word == "each" || word == "every" || word == "across";
}

}  // namespace

bool is_month(const Token& token) { return month_named(token) != 0; }

std::optional<Grain> unit_of(const Token& token) {
  for (const auto& [name, grain] : kUnits) {
    if (token.stem == name) return grain;
    const bool skeleton = name.size() >= 5 && token.text.size() + 1 >= name.size() &&
                          edit_distance(token.text, name, 1) <= 1 && token.text[0] == name[0];
    if (skeleton && token.text.size() >= 4) return grain;
  }
  return std::nullopt;
}

std::optional<TimePhrase> time_phrase_at(std::span<const Token> tokens, std::size_t at,
                                         const Calendar& calendar) {
  auto found = PeriodReader(tokens, at, calendar).read();
  if (!found || found->end <= at) return std::nullopt;
  return found;
}

std::optional<GrainPhrase> grain_phrase_at(std::span<const Token> tokens, std::size_t at) {
  GrainPhrase found{at, at, Grain::day, false, false};
  for (const auto& [word, grain] : kAdverbs)
    if (near(tokens[at].text, word)) {
      found.grain = grain;
      found.end = at + 1;
      if (found.end < tokens.size() && tokens[found.end].text == "basis") ++found.end;
      return found;
    }
  std::size_t i = at;
  const auto word = [&](std::size_t k) -> std::string_view {
    return k < tokens.size() ? std::string_view(tokens[k].text) : std::string_view();
  };
  // `at the end of each month`, `on a weekly basis`, `for every week`
  if (word(i) == "at" && word(i + 1) == "the" && word(i + 2) == "end" && word(i + 3) == "of")
    i += 4;
  if (word(i) == "for" || word(i) == "on" || word(i) == "in") ++i;
  bool split = false;
  while (asks_for_split(word(i))) {
    split = true;
    ++i;
  }
  if (!split && word(i) == "a" && i == at && at > 0) {
    split = true;  // `orders a day`
    ++i;
  }
  if (word(i) == "the" || word(i) == "calendar") ++i;
  if (word(i) == "fiscal" || word(i) == "financial") {
    found.fiscal = true;
    ++i;
  }
  if (i >= tokens.size()) return std::nullopt;
  const auto unit = unit_of(tokens[i]);
  if (!unit) return std::nullopt;
  if (word(i + 1) == "of" &&
      (word(i + 2) == "year" || word(i + 2) == "the" || word(i + 2) == "week"))
    return std::nullopt;  // a part of the date
  found.grain = *unit;
  found.end = i + 1;
  found.weak = !split;
  if (*unit == Grain::day && tokens[i].text == "date") return std::nullopt;
  return found;
}

std::optional<DatePartPhrase> date_part_at(std::span<const Token> tokens, std::size_t at) {
  const auto word = [&](std::size_t k) -> std::string_view {
    return k < tokens.size() ? std::string_view(tokens[k].stem) : std::string_view();
  };
  std::size_t i = at;
  while (word(i) == "by" || word(i) == "per" || word(i) == "each" || word(i) == "every" ||
         word(i) == "across" || word(i) == "on" || word(i) == "for" || word(i) == "the" ||
         ((word(i) == "at" || word(i) == "over" || word(i) == "during") &&
          (word(i + 1) == "weekend" || word(i + 2) == "weekend")))
    ++i;
  DatePartPhrase found{at, i + 1, "", {}};
  const bool working = word(i) == "working" || word(i) == "business" || word(i) == "week";
  const bool picked = i > at && (word(i - 1) == "on" || word(i - 1) == "for");
  if ((word(i) == "weekday" && picked && tokens[i].text != "weekday") ||
      (working && word(i + 1) == "day")) {
    found.part = "dow";
    found.days = {1, 2, 3, 4, 5};
    if (working) found.end = i + 2;
  } else if (word(i) == "weekend") {
    found.part = "dow";
    found.days = {6, 7};
  } else if (word(i) == "weekday" || word(i) == "dow") {
    found.part = "dow";
  } else if (i < tokens.size() && weekday_named(tokens[i]) != 0) {
    found.part = "dow";
    found.days = {weekday_named(tokens[i])};
  } else if (word(i + 1) == "of" && word(i + 2) == "week" && word(i) == "day") {
    found.part = "dow";
    found.end = i + 3;
  } else if (word(i + 1) == "of" && (word(i + 2) == "year" || word(i + 3) == "year") &&
             (word(i) == "month" || word(i) == "quarter")) {
    found.part = word(i);
    found.end = i + (word(i + 2) == "year" ? 3 : 4);
  } else if (word(i + 1) == "of" && word(i + 2) == "the" && word(i + 3) == "week" &&
             word(i) == "day") {
    found.part = "dow";
    found.end = i + 4;
  } else if (word(i + 1) == "of" && (word(i + 2) == "day" || word(i + 3) == "day") &&
             word(i) == "hour") {
    found.part = "hour";
    found.end = i + (word(i + 2) == "day" ? 3 : 4);
  } else {
    return std::nullopt;
  }
  return found;
}

}  // namespace loquat::semantic::language
