#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "semantic/language/calendar.hpp"
#include "semantic/language/text.hpp"

namespace loquat::semantic::language {

/// A period found in words, from token `begin` up to `end` (not included).
struct TimePhrase {
  std::size_t begin = 0, end = 0;
  DateRange range;
  bool weak = false;      ///< could be something else: a bare number, `may`, `march`
  bool has_year = false;  ///< which one is said: a year, last, this, ago; not a bare month or day
};

/// A grain found in words: `monthly`, `by week`, `each quarter`, `a day`.
struct GrainPhrase {
  std::size_t begin = 0, end = 0;
  Grain grain = Grain::day;
  bool fiscal = false;
  bool weak = false;  ///< the unit alone, without a word that asks for splitting
};

/// A part of the date found in words: `by weekday`, `on Fridays`, `at weekends`.
struct DatePartPhrase {
  std::size_t begin = 0, end = 0;
  std::string part;       ///< dow, month, quarter, year, day, hour
  std::vector<int> days;  ///< ISO weekdays named (5 is Friday); empty: the part itself
};

/// The longest period that starts at token `at`; nothing if there is none.
[[nodiscard]] std::optional<TimePhrase> time_phrase_at(std::span<const Token> tokens,
                                                       std::size_t at, const Calendar& calendar);
[[nodiscard]] std::optional<GrainPhrase> grain_phrase_at(std::span<const Token> tokens,
                                                         std::size_t at);
[[nodiscard]] std::optional<DatePartPhrase> date_part_at(std::span<const Token> tokens,
                                                         std::size_t at);
/// `january`, `jan`, `sept`.
[[nodiscard]] bool is_month(const Token& token);
/// `day`, `weeks`, `mnth`.
[[nodiscard]] std::optional<Grain> unit_of(const Token& token);

}  // namespace loquat::semantic::language
