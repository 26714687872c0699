#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>

#include "json.hpp"
#include "parts.hpp"

/// When the fiscal year and the week start: said in `meta` of models, semantic models or metrics
/// (dbt hands a project's own `+meta` down to each of its models).
namespace loquat::dbt {
namespace {

using contracts::ImportProblem;
using contracts::ProjectModel;

constexpr std::array<std::string_view, 12> kMonthNames = {
    "january", "february", "march",     "april",   "may",      "june",
    "july",    "august",   "september", "october", "november", "december"};
constexpr std::array<std::string_view, 7> kDayNames = {
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};

/// 1 to `names.size()`: as a number, as digits, as a name or its first three letters.
std::optional<int> place_in(const Json& value, std::span<const std::string_view> names) {
  std::int64_t number = 0;
  if (value.is_integer()) {
    number = value.integer();
  } else if (value.is_string()) {
    std::string text(value.text());
    for (char& c : text)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    constexpr std::size_t kShort = 3;
    for (std::size_t i = 0; i < names.size(); ++i)
      if (text == names[i] || (text.size() >= kShort && names[i].starts_with(text)))
        return static_cast<int>(i) + 1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  }
  if (number < 1 || number > static_cast<std::int64_t>(names.size())) return std::nullopt;
  return static_cast<int>(number);
}

/// One setting: what is said most often holds; who says otherwise is reported.
class Setting {
 public:
  Setting(std::string_view key, std::span<const std::string_view> names)
      : key_(key), names_(names) {}

  void hear(const contracts::Meta& meta, const std::string& where,
            std::vector<ImportProblem>& problems) {
    if (meta.json.find(key_) == std::string::npos) return;
    JsonReader reader;
    const Json* read = reader.read(meta.json);
    const Json* found = read == nullptr || !read->is_object() ? nullptr : read->find(key_);
    if (found == nullptr) return;
    const auto value = place_in(*found, names_);
    if (!value) {
      problems.push_back({"manifest", where,
                          std::string(key_) + " is none of 1 to " + std::to_string(names_.size()) +
                              " or their names; left out"});
      return;
    }
    said_[*value].push_back(where);
  }

  void decide(int& target, std::vector<ImportProblem>& problems) const {
    if (said_.empty()) return;
    const auto most = std::max_element(
        said_.begin(), said_.end(),
        [](const auto& a, const auto& b) { return a.second.size() < b.second.size(); });
    target = most->first;
    for (const auto& [value, places] : said_)
      if (value != target)
        problems.push_back({"manifest", places.front(),
                            std::string(key_) + " is " + std::to_string(value) + " here and " +
                                std::to_string(target) + " in " + most->second.front() + "; " +
                                std::to_string(target) + " is used"});
  }

 private:
  std::string_view key_;
  std::span<const std::string_view> names_;
  std::map<int, std::vector<std::string>> said_;
};

}  // namespace

void read_calendar(ProjectModel& out, std::vector<ImportProblem>& problems) {
  Setting year("fiscal_year_start_month", kMonthNames), week("week_starts_on", kDayNames);
  const auto hear = [&](const contracts::Meta& meta, const std::string& where) {
    year.hear(meta, where, problems);
    week.hear(meta, where, problems);
  };
  hear(out.meta, "/metadata");
  for (const auto& [id, node] : out.nodes) hear(node.meta, "/nodes/" + id);
  for (const auto& model : out.semantic_models) hear(model.meta, "/semantic_models/" + model.name);
  for (const auto& metric : out.metrics) hear(metric.meta, "/metrics/" + metric.name);
  year.decide(out.fiscal_year_start_month, problems);
  week.decide(out.week_starts_on, problems);
}

}  // namespace loquat::dbt
