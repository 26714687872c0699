#pragma once
#include <optional>
#include <string>

#include "loquat/base/time_format.hpp"
#include "loquat/contracts/semantic_model.hpp"

/// Periods of the calendar; all pure, all inclusive at both ends.
namespace loquat::semantic::language {

using contracts::Grain;

/// Days from `start` to `end`, both included; a missing side is open.
struct DateRange {
  std::optional<Date> start, end;
  bool operator==(const DateRange&) const = default;
};

struct Calendar {
  Date today;
  int fiscal_year_start_month = 1;
  int week_starts_on = 1;  ///< ISO: 1 is Monday
};

enum class YearKind { calendar, fiscal };

[[nodiscard]] Date add_days(Date date, int days);
[[nodiscard]] Date add_months(Date date, int months);  ///< clamped to the month's end
[[nodiscard]] int days_between(Date from, Date to);
[[nodiscard]] Date make_date(int year, int month, int day);  ///< day clamped to the month

/// First day of the period of `grain` that `date` is in.
[[nodiscard]] Date period_start(Date date, Grain grain, const Calendar& calendar,
                                YearKind kind = YearKind::calendar);
/// The whole period `steps` after (before, if negative) the one that `date` is in.
[[nodiscard]] DateRange period(Date date, Grain grain, int steps, const Calendar& calendar,
                               YearKind kind = YearKind::calendar);
/// `count` units moved from `date`.
[[nodiscard]] Date shift(Date date, Grain grain, int count);
/// The fiscal year is named after the calendar year it ends in.
[[nodiscard]] DateRange fiscal_year(int year, const Calendar& calendar);

/// `1 Jan 2025`, `1 Jan to 31 Mar 2025`.
[[nodiscard]] std::string say(const DateRange& range);

}  // namespace loquat::semantic::language
