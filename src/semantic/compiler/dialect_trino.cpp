#include <algorithm>
#include <array>

#include "compiler/dialect.hpp"
#include "compiler/sql_tokens.hpp"
#include "index/words.hpp"

namespace loquat::semantic {
namespace {

std::string shortest_text(double value) {
  std::string out = std::to_string(value);
  while (out.size() > 3 && out.back() == '0') out.pop_back();
  return out;
}

class Trino final : public DialectWords {
 public:
  explicit Trino(int week_starts_on) : lead_(week_lead(week_starts_on)) {}

  std::string truncated(std::string_view grain, std::string_view expr) const override {
    if (lead_ != 0 && grain == "week")
      return shifted("DATE_TRUNC('week', " + shifted(expr, lead_, "day") + ")", -lead_, "day");
    return "DATE_TRUNC('" + std::string(grain) + "', " + std::string(expr) + ")";
  }
  std::string shifted(std::string_view expr, std::int64_t count,
                      std::string_view unit) const override {
    return "DATE_ADD('" + std::string(unit) + "', " + std::to_string(count) + ", " +
           std::string(expr) + ")";
  }
  std::string shifted_by(std::string_view expr, std::string_view count,
                         std::string_view unit) const override {
    return "DATE_ADD('" + std::string(unit) + "', " + std::string(count) + ", " +
           std::string(expr) + ")";
  }
  std::string extracted(std::string_view part, std::string_view expr) const override {
    const std::string_view word = part == "dow"   ? "DAY_OF_WEEK"
                                  : part == "doy" ? "DAY_OF_YEAR"
                                                  : part;
    return "EXTRACT(" + std::string(word) + " FROM " + std::string(expr) + ")";
  }
  /// Trino's mean of a decimal has no more places than the decimal.
  std::string average(std::string_view expr) const override {
    return "AVG(" + divisible(expr) + ")";
  }
  /// Trino divides integers and decimals without further places.
  std::string divisible(std::string_view expr) const override {
    return "CAST(" + std::string(expr) + " AS DOUBLE)";
  }
  std::string median(std::string_view expr) const override { return continuous(expr, "0.5"); }
  /// Trino's own percentiles are approximate only; exact ones are taken from the sorted values.
  std::string percentile(std::string_view expr, const contracts::Measure& measure) const override {
    const std::string at = shortest_text(measure.percentile.value_or(0.5));
    if (measure.percentile_approximate)
      return "APPROX_PERCENTILE(" + std::string(expr) + ", " + at + ")";
    if (!measure.percentile_discrete) return continuous(expr, at);
    return of_sorted(expr,
                     "v[GREATEST(1, CAST(CEIL(CARDINALITY(v) * DOUBLE '" + at + "') AS INTEGER))]");
  }
  std::string first_by(std::string_view expr, std::string_view order) const override {
    return "MIN_BY(" + std::string(expr) + ", " + std::string(order) + ")";
  }
  std::string last_by(std::string_view expr, std::string_view order) const override {
    return "MAX_BY(" + std::string(expr) + ", " + std::string(order) + ")";
  }
  std::string time_literal(std::string_view quoted) const override {
    return "TIMESTAMP " + std::string(quoted);
  }
  std::string comparable_with_text(std::string_view expr) const override {
    return "CAST(" + std::string(expr) + " AS VARCHAR)";
  }
  std::string text_match(std::string_view expr, std::string_view search) const override {
    return "STRPOS(LOWER(CAST(" + std::string(expr) + " AS VARCHAR)), " +
           sql_string(lower(search)) + ") > 0";
  }
  std::string_view double_type() const override { return "DOUBLE"; }

 private:
  int lead_;

  /// `of_v`, an expression over the array v of all sorted values that are not null.
  static std::string of_sorted(std::string_view expr, const std::string& of_v) {
    const std::string value = "CAST(" + std::string(expr) + " AS DOUBLE)";
    return "TRANSFORM(ARRAY[ARRAY_AGG(" + value + " ORDER BY " + value + ") FILTER (WHERE " +
           in_parentheses(expr) + " IS NOT NULL)], v -> " + of_v + ")[1]";
  }
  /// Between the two values beside the place, as PERCENTILE_CONT has it.
  static std::string continuous(std::string_view expr, const std::string& at) {
    const std::string place = "(CARDINALITY(v) - 1) * DOUBLE '" + at + "'";
    const std::string below = "v[CAST(FLOOR(" + place + ") AS INTEGER) + 1]";
    const std::string above = "v[CAST(CEIL(" + place + ") AS INTEGER) + 1]";
    return of_sorted(expr, below + " + (" + above + " - " + below + ") * ((" + place +
                               ") - FLOOR(" + place + "))");
  }
};

}  // namespace

const DialectWords& trino_dialect(int week_starts_on) {
  static const std::array<Trino, 7> words = {Trino(1), Trino(2), Trino(3), Trino(4),
                                             Trino(5), Trino(6), Trino(7)};
  return words[static_cast<std::size_t>(std::clamp(week_starts_on, 1, 7) - 1)];
}

}  // namespace loquat::semantic
