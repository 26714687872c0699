#include "row_labels.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "figures.hpp"
#include "loquat/agents/narration.hpp"

namespace loquat::agents {
namespace {

using contracts::ColumnRole;

constexpr std::array<std::string_view, 12> kMonths{"january",   "february", "march",    "april",
                                                   "may",       "june",     "july",     "august",
                                                   "september", "october",  "november", "december"};
constexpr std::array<std::string_view, 4> kOrdinals{"first", "second", "third", "fourth"};

bool is_word_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
         (static_cast<unsigned char>(c) & 0x80U) != 0;
}

/// What people call the period that begins at `day`.
std::vector<std::string> period_names(Date day, const std::string& grain) {
  const std::string year = std::to_string(static_cast<int>(day.year()));
  const auto month_number = static_cast<unsigned>(day.month());
  const std::string month(kMonths[(month_number - 1) % kMonths.size()]);
  const std::string brief = month.substr(0, 3);
  const std::string iso = format_date(day);
  if (grain == "year") return {year};
  if (grain == "quarter") {
    const unsigned quarter = (month_number - 1) / 3;
    const std::string name = "q" + std::to_string(quarter + 1);
    const std::string words = std::string(kOrdinals[quarter]) + " quarter";
    return {name + " " + year,
            year + "-" + name,
            words + " of " + year,
            words + " " + year,
            name,
            words,
            iso};
  }
  if (grain == "month")
    return {month + " " + year,
            month + " of " + year,
            brief + " " + year,
            iso.substr(0, 7),
            month,
            iso};
  const std::string number = std::to_string(static_cast<unsigned>(day.day()));
  return {iso,
          month + " " + number + ", " + year,
          number + " " + month + " " + year,
          brief + " " + number + ", " + year,
          month + " " + number,
          number + " " + month,
          brief + " " + number};
}

}  // namespace

RowLabels::RowLabels(const contracts::ResultSet& rows, const std::string& grain)
    : rows_(rows.rows.size()) {
  std::set<std::int64_t> years;
  bool has_dimension = false;
  bool has_time = false;
  for (std::size_t c = 0; c < rows.columns.size(); ++c) {
    const auto role = rows.columns[c].role;
    if (role != ColumnRole::dimension && role != ColumnRole::time) continue;
    const bool differs = std::ranges::any_of(
        rows.rows, [&](const contracts::Row& row) { return row[c] != rows.rows.front()[c]; });
    const bool is_time = role == ColumnRole::time;
    for (std::size_t r = 0; r < rows.rows.size(); ++r) {
      const std::string cell = format_cell(rows.rows[r][c]);
      const auto day = is_time ? parse_date(std::string_view(cell).substr(0, 10)) : std::nullopt;
      if (day) years.insert(static_cast<int>(day->year()));
      if (!differs) continue;
      if (day) {
        for (auto& name : period_names(*day, grain)) add(std::move(name), columns_, r);
      } else {
        add(contracts::is_null(rows.rows[r][c]) ? "(none)" : lower_ascii(cell), columns_, r);
      }
    }
    if (!differs) continue;
    ++columns_;
    (is_time ? has_time : has_dimension) = true;
  }
  places_.clear();
  is_series_ = has_time && !has_dimension;
  years_.assign(years.begin(), years.end());
  std::ranges::stable_sort(
      labels_, [](const Label& a, const Label& b) { return a.text.size() > b.text.size(); });
}

void RowLabels::add(std::string text, std::size_t column, std::size_t row) {
  if (text.empty()) return;
  const auto [known, is_new] = places_.emplace(std::pair(column, text), labels_.size());
  if (!is_new) return labels_[known->second].rows.push_back(row);
  labels_.push_back({std::move(text), column, {row}});
}

Mention RowLabels::find(std::string_view text) const {
  Mention out;
  out.rest = lower_ascii(text);
  std::vector<std::vector<bool>> named(columns_, std::vector<bool>(rows_, false));
  std::vector<bool> has_any(columns_, false);
  for (const Label& label : labels_) {
    for (std::size_t at = out.rest.find(label.text); at != std::string::npos;
         at = out.rest.find(label.text, at + 1)) {
      const std::size_t end = at + label.text.size();
      const bool begins = at == 0 || !is_word_char(out.rest[at - 1]);
      const bool ends = end == out.rest.size() || !is_word_char(out.rest[end]);
      if (!begins || !ends) continue;
      std::fill_n(out.rest.begin() + static_cast<std::ptrdiff_t>(at), label.text.size(), '\x01');
      has_any[label.column] = true;
      out.names_any = true;
      for (const std::size_t row : label.rows) named[label.column][row] = true;
    }
  }
  const bool names_rows = columns_ > 0 && std::ranges::all_of(has_any, [](bool b) { return b; });
  for (std::size_t row = 0; names_rows && row < rows_; ++row)
    if (std::ranges::all_of(named, [row](const auto& column) { return column[row]; }))
      out.rows.push_back(row);
  return out;
}

}  // namespace loquat::agents
