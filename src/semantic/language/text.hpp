#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "loquat/base/time_format.hpp"

/// Words as people write them, made comparable. Knows English, never a model.
namespace loquat::semantic::language {

/// One word or number of a question or of a name in the model.
struct Token {
  std::string text;   ///< lower case, no diacritics, no possessive
  std::string shown;  ///< as it was written
  std::string stem;   ///< plural and irregular forms undone; numbers in digits
  std::string root;   ///< endings of words cut as well: related, not equal
  std::optional<double> number;
  bool ordinal = false;  ///< 2nd, third
  std::optional<Date> date;
  char before = ' ';  ///< the last punctuation between this and the word before; ' ' if none
};

/// Lower case without diacritics; other scripts keep their letters.
[[nodiscard]] std::string fold(std::string_view utf8);
/// Words of a sentence. Apostrophes, thousands marks, `50k`, dates and comparison signs understood.
[[nodiscard]] std::vector<Token> tokenize(std::string_view utf8);
/// Words of an identifier (`cust_typ`, `avgOrderValue`) or of a label.
[[nodiscard]] std::vector<Token> words_of_name(std::string_view name);

}  // namespace loquat::semantic::language
