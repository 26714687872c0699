#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "loquat/base/time_format.hpp"
#include "loquat/contracts/semantic_model.hpp"
#include "loquat/semantic/semantic.hpp"

namespace loquat::semantic {

/// What differs between engines, as texts of SQL. One file each; immutable.
class DialectWords {
 public:
  virtual ~DialectWords() = default;

  /// `grain` is a standard grain's name.
  [[nodiscard]] virtual std::string truncated(std::string_view grain,
                                              std::string_view expr) const = 0;
  /// `expr` plus (minus, if negative) so many of a unit: day, week, month, quarter, year, hour…
  [[nodiscard]] virtual std::string shifted(std::string_view expr, std::int64_t count,
                                            std::string_view unit) const = 0;
  /// `expr` plus as many of a unit as the whole number `count`, an expression, says.
  [[nodiscard]] virtual std::string shifted_by(std::string_view expr, std::string_view count,
                                               std::string_view unit) const = 0;
  /// `part`: dow (ISO: 1 is Monday), doy, day, week, month, quarter, year.
  [[nodiscard]] virtual std::string extracted(std::string_view part,
                                              std::string_view expr) const = 0;
  /// The mean, as a floating point number whatever `expr` is.
  [[nodiscard]] virtual std::string average(std::string_view expr) const = 0;
  /// `expr`, a number, as it must stand in a division that is to keep its fractions.
  [[nodiscard]] virtual std::string divisible(std::string_view expr) const = 0;
  [[nodiscard]] virtual std::string median(std::string_view expr) const = 0;
  [[nodiscard]] virtual std::string percentile(std::string_view expr,
                                               const contracts::Measure& measure) const = 0;
  /// The value of the row where `order` is least (greatest), null values included.
  [[nodiscard]] virtual std::string first_by(std::string_view expr,
                                             std::string_view order) const = 0;
  [[nodiscard]] virtual std::string last_by(std::string_view expr,
                                            std::string_view order) const = 0;
  /// How a text literal is written that is compared with a time.
  [[nodiscard]] virtual std::string time_literal(std::string_view quoted) const = 0;
  /// `expr` as it can be compared with a text literal.
  [[nodiscard]] virtual std::string comparable_with_text(std::string_view expr) const = 0;
  [[nodiscard]] virtual std::string text_match(std::string_view expr,
                                               std::string_view search) const = 0;
  [[nodiscard]] virtual std::string_view double_type() const = 0;
};

/// `week_starts_on` as ISO has it, 1 is Monday: weeks are cut there.
[[nodiscard]] const DialectWords& duckdb_dialect(int week_starts_on = 1);
[[nodiscard]] const DialectWords& trino_dialect(int week_starts_on = 1);
[[nodiscard]] const DialectWords& words_of(Dialect dialect, int week_starts_on = 1);
/// Days by which a date is moved ahead so that its ISO week is the week that starts on that day.
[[nodiscard]] constexpr int week_lead(int week_starts_on) { return (8 - week_starts_on) % 7; }

}  // namespace loquat::semantic
