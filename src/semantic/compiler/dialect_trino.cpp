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

class Trino final : public DialectWords {
 public:
  std::string truncated(std::string_view grain, std::string_view expr) const override {
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
  std::string median(std::string_view expr) const override {
    return "APPROX_PERCENTILE(" + std::string(expr) + ", 0.5)";
  }
  /// Trino has approximate percentiles only.
  std::string percentile(std::string_view expr, const contracts::Measure& measure) const override {
    return "APPROX_PERCENTILE(" + std::string(expr) + ", " +
           shortest(measure.percentile.value_or(0.5)) + ")";
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
};

}  // namespace

const DialectWords& trino_dialect() {
  static const Trino words;
  return words;
}

}  // namespace loquat::semantic
