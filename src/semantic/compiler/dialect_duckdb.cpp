#include <algorithm>
#include <array>
#include <cstdlib>

#include "compiler/dialect.hpp"
#include "compiler/sql_tokens.hpp"
#include "index/words.hpp"

namespace loquat::semantic {
namespace {

std::string shortest(double value) {
  std::string out = std::to_string(value);
  while (out.size() > 3 && out.back() == '0') out.pop_back();
  return out;
}

class DuckDb final : public DialectWords {
 public:
  explicit DuckDb(int week_starts_on) : lead_(week_lead(week_starts_on)) {}

  std::string truncated(std::string_view grain, std::string_view expr) const override {
    if (lead_ != 0 && grain == "week") {
      const std::string days = "INTERVAL " + std::to_string(lead_) + " day";
      return "(DATE_TRUNC('week', " + in_parentheses(expr) + " + " + days + ") - " + days + ")";
    }
    return "DATE_TRUNC('" + std::string(grain) + "', " + std::string(expr) + ")";
  }
  std::string shifted(std::string_view expr, std::int64_t count,
                      std::string_view unit) const override {
    return in_parentheses(expr) + (count < 0 ? " - INTERVAL " : " + INTERVAL ") +
           std::to_string(std::abs(count)) + " " + std::string(unit);
  }
  std::string shifted_by(std::string_view expr, std::string_view count,
                         std::string_view unit) const override {
    return in_parentheses(expr) + " + INTERVAL (" + std::string(count) + ") " + std::string(unit);
  }
  std::string extracted(std::string_view part, std::string_view expr) const override {
    return "EXTRACT(" + std::string(part == "dow" ? "isodow" : part) + " FROM " +
           std::string(expr) + ")";
  }
  std::string average(std::string_view expr) const override {
    return "AVG(" + std::string(expr) + ")";
  }
  std::string divisible(std::string_view expr) const override { return std::string(expr); }
  std::string median(std::string_view expr) const override {
    return "PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY " + std::string(expr) + ")";
  }
  std::string percentile(std::string_view expr, const contracts::Measure& measure) const override {
    const std::string at = shortest(measure.percentile.value_or(0.5));
    if (measure.percentile_approximate)
      return "APPROX_QUANTILE(" + std::string(expr) + ", " + at + ")";
    return std::string(measure.percentile_discrete ? "PERCENTILE_DISC(" : "PERCENTILE_CONT(") + at +
           ") WITHIN GROUP (ORDER BY " + std::string(expr) + ")";
  }
  std::string first_by(std::string_view expr, std::string_view order) const override {
    return "FIRST(" + std::string(expr) + " ORDER BY " + std::string(order) + ")";
  }
  std::string last_by(std::string_view expr, std::string_view order) const override {
    return "LAST(" + std::string(expr) + " ORDER BY " + std::string(order) + ")";
  }
  std::string time_literal(std::string_view quoted) const override { return std::string(quoted); }
  std::string comparable_with_text(std::string_view expr) const override {
    return std::string(expr);
  }
  std::string text_match(std::string_view expr, std::string_view search) const override {
    return "CONTAINS(LOWER(CAST(" + std::string(expr) + " AS VARCHAR)), " +
           sql_string(lower(search)) + ")";
  }
  std::string_view double_type() const override { return "DOUBLE"; }

 private:
  int lead_;
};

}  // namespace

const DialectWords& duckdb_dialect(int week_starts_on) {
  static const std::array<DuckDb, 7> words = {DuckDb(1), DuckDb(2), DuckDb(3), DuckDb(4),
                                              DuckDb(5), DuckDb(6), DuckDb(7)};
  return words[static_cast<std::size_t>(std::clamp(week_starts_on, 1, 7) - 1)];
}

const DialectWords& words_of(Dialect dialect, int week_starts_on) {
  return dialect == Dialect::trino ? trino_dialect(week_starts_on) : duckdb_dialect(week_starts_on);
}

}  // namespace loquat::semantic
