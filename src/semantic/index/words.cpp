#include "index/words.hpp"

#include <algorithm>
#include <cctype>
#include <numeric>

namespace loquat::semantic {
namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, replaced}));
    }
  }
  return row[b.size()];
}

}  // namespace

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

std::vector<std::string> split_dunder(std::string_view name) {
  std::vector<std::string> out;
  std::size_t start = 0;
  for (;;) {
    const std::size_t at = name.find("__", start == 0 ? 1 : start);
    if (at == std::string_view::npos || at + 2 >= name.size()) break;
    out.emplace_back(name.substr(start, at - start));
    start = at + 2;
  }
  out.emplace_back(name.substr(start));
  return out;
}

std::string join(const std::vector<std::string>& parts, std::string_view between) {
  std::string out;
  for (const std::string& part : parts) {
    if (!out.empty()) out += between;
    out += part;
  }
  return out;
}

std::optional<contracts::Grain> standard_grain(std::string_view name) {
  return enum_from<contracts::Grain>(name);
}

std::vector<std::string> nearest(std::string_view word, const std::vector<std::string>& known,
                                 std::size_t count) {
  // Nothing is like a text of that length, and finding that out would take its square.
  constexpr std::size_t kWordMax = 128;
  if (word.size() > kWordMax) return {};
  std::vector<std::pair<std::size_t, std::string>> scored;
  for (const std::string& name : known) {
    std::size_t score = edit_distance(word, name) * 2;
    if (name.find(word) != std::string::npos || word.find(name) != std::string_view::npos)
      score = score / 3;
    scored.emplace_back(score, name);
  }
  std::ranges::sort(scored);
  std::vector<std::string> out;
  for (const auto& [_, name] : scored) {
    if (out.size() == count) break;
    out.push_back(name);
  }
  return out;
}

}  // namespace loquat::semantic
