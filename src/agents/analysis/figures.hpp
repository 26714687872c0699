#pragma once
#include <string>
#include <string_view>
#include <vector>

/// Figures as people write them. Pure.
namespace loquat::agents {

/// One figure of a text, with every number it may stand for: `1,234` is both 1234 and 1.234.
struct Figure {
  struct Reading {
    double value = 0;
    double step = 1;  ///< of its last digit, suffix included
  };
  std::vector<Reading> readings;
  std::size_t begin = 0, end = 0;  ///< bytes of the text, suffix included
  bool is_percent = false;
  bool is_year = false;  ///< four digits and nothing else
  bool is_plain = true;  ///< false: an ordinal, or part of a name
};
/// Thousands by comma, point, apostrophe or a narrow space; decimals by point or comma; k, m, bn,
/// thousand, million, billion; %, percent, per cent.
[[nodiscard]] std::vector<Figure> figures_in(std::string_view text);
/// True if one reading is `value`, rounded to its last digit, and no more than a twentieth off.
/// Signs are left to the words around it.
[[nodiscard]] bool stands_for(const Figure& figure, double value);
[[nodiscard]] std::string lower_ascii(std::string_view text);

}  // namespace loquat::agents
