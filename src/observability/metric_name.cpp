#include "metric_name.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace loquat::observability {
namespace {

constexpr std::array<std::string_view, 16> kForeignUnits{
    "ms", "us", "ns",  "millis", "milliseconds", "microseconds", "minutes", "hours",
    "kb", "mb", "kib", "mib",    "kilobytes",    "megabytes",    "percent", "count"};

bool is_word(std::string_view word) {
  return !word.empty() && std::ranges::all_of(word, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  });
}
std::vector<std::string_view> split(std::string_view name) {
  std::vector<std::string_view> words;
  std::size_t from = 0;
  for (std::size_t at = name.find('_'); at != std::string_view::npos; at = name.find('_', from)) {
    words.push_back(name.substr(from, at - from));
    from = at + 1;
  }
  words.push_back(name.substr(from));
  return words;
}

}  // namespace

std::optional<std::string> judge_metric_name(std::string_view name, MetricKind kind) {
  auto words = split(name);
  if (words.front() != "loquat") return "must begin with loquat_";
  if (!std::ranges::all_of(words, is_word)) return "may hold lower-case words joined by _ only";
  const bool is_total = words.back() == "total";
  if (is_total != (kind == MetricKind::counter))
    return "_total is the end of counters, and of nothing else";
  if (is_total) words.pop_back();
  if (words.size() < 4) return "must be loquat_<room>_<noun>_<unit>[_total]";
  if (std::ranges::find(kForeignUnits, words.back()) != kForeignUnits.end())
    return "must end in a base unit: seconds, bytes, ratio, or what is counted";
  return std::nullopt;
}

bool is_label_name(std::string_view name) noexcept {
  return !name.empty() && name != "le" &&
         std::ranges::all_of(name, [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
}

}  // namespace loquat::observability
