#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "loquat/contracts/result_set.hpp"

/// The rows of a result by what people call them. Pure.
namespace loquat::agents {

/// Which rows a text names.
struct Mention {
  std::vector<std::size_t> rows;  ///< those of which every label stands in the text, in order
  bool names_any = false;         ///< a label stands there, if not all of a row
  std::string rest;               ///< the text in lower case with the labels blanked out
};

class RowLabels {
 public:
  /// `grain` of the time column says how its values are called: `March 2025`, `Q1 2025`, a date.
  RowLabels(const contracts::ResultSet& rows, const std::string& grain);
  [[nodiscard]] Mention find(std::string_view text) const;
  /// True if rows differ by time alone, and are in its order.
  [[nodiscard]] bool is_series() const noexcept { return is_series_; }
  [[nodiscard]] const std::vector<std::int64_t>& years() const noexcept { return years_; }

 private:
  struct Label {
    std::string text;
    std::size_t column = 0;  ///< among those that tell rows apart
    std::vector<std::size_t> rows;
  };
  void add(std::string text, std::size_t column, std::size_t row);

  std::vector<Label> labels_;                                          ///< longest first
  std::map<std::pair<std::size_t, std::string>, std::size_t> places_;  ///< while they are added
  std::size_t columns_ = 0;
  std::size_t rows_ = 0;
  bool is_series_ = false;
  std::vector<std::int64_t> years_;
};

}  // namespace loquat::agents
