#pragma once
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json.hpp"
#include "loquat/contracts/semantic_model.hpp"

namespace loquat::dbt {

/// A broken project may be broken in every item; what is noted and what is listed is bounded.
inline constexpr std::size_t kProblemsNoted = 100'000;
inline constexpr std::size_t kProblemsMax = 2'000;

/// A member's name as a token of a JSON pointer (RFC 6901).
[[nodiscard]] std::string escaped_pointer(std::string_view name);

/// A place in an artifact: a value, the way to it, and where to report what is wrong with it. The
/// way is only written out for a report; names given to `at` must outlive the place.
/// Reading a member of the wrong kind reports it and gives the empty value; an absent or null one
/// is silent.
class Place {
 public:
  /// `base`: JSON pointer of `value`; must outlive every place that is made from this one.
  Place(const Json& value, std::string_view artifact, const std::string& base,
        std::vector<contracts::ImportProblem>& problems)
      : value_(&value), artifact_(artifact), base_(&base), problems_(&problems) {}

  [[nodiscard]] const Json& json() const { return *value_; }
  [[nodiscard]] std::string pointer() const;
  [[nodiscard]] bool is_object() const { return value_->is_object(); }
  [[nodiscard]] bool is_string() const { return value_->is_string(); }

  /// The member; a null place if there is none.
  [[nodiscard]] Place at(std::string_view key) const;
  [[nodiscard]] bool has(std::string_view key) const { return !at(key).json().is_null(); }
  [[nodiscard]] std::string text(std::string_view key) const;
  [[nodiscard]] bool flag(std::string_view key) const;
  [[nodiscard]] std::optional<double> number(std::string_view key) const;
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view key) const;
  /// The strings of an array; a single string counts as an array of one.
  [[nodiscard]] std::vector<std::string> texts(std::string_view key) const;
  /// The elements of an array or the values of an object.
  [[nodiscard]] std::vector<Place> each() const;
  [[nodiscard]] std::vector<Place> each(std::string_view key) const { return at(key).each(); }

  void report(std::string message) const;
  /// How much was reported so far, of whatever place.
  [[nodiscard]] std::size_t problem_count() const { return problems_->size(); }
  /// Whether something was reported since there were `before`; true too where nothing more is
  /// noted.
  [[nodiscard]] bool has_reported_since(std::size_t before) const {
    return problems_->size() != before || before >= kProblemsNoted;
  }

 private:
  /// A member's name, or with no data the number of an element.
  struct Step {
    std::string_view name;
    std::size_t number = 0;
  };
  static constexpr std::size_t kStepsMax = 10;
  Place(const Place& from, const Json& value, Step step);
  [[nodiscard]] const Json* member(std::string_view key) const;
  const Json* value_;
  std::string_view artifact_;
  const std::string* base_;
  std::array<Step, kStepsMax> steps_{};
  std::size_t depth_ = 0;  ///< steps beyond the last that has room are not named
  std::vector<contracts::ImportProblem>* problems_;
};

[[nodiscard]] std::string lower(std::string text);

/// The text of an enum in any case, or nothing with a report that names what is allowed.
template <class E>
[[nodiscard]] std::optional<E> read_enum(const Place& place, std::string_view key) {
  const std::string name = place.text(key);
  if (name.empty()) return std::nullopt;
  if (const auto value = enum_from<E>(lower(name))) return value;
  std::string allowed;
  for (const auto& [_, known] : EnumNames<E>::names) {
    if (!allowed.empty()) allowed += ", ";
    allowed += known;
  }
  place.at(key).report("'" + name + "' is not known; known are " + allowed);
  return std::nullopt;
}

[[nodiscard]] contracts::Meta read_meta(const Place& owner);
/// Tags of the item and of its config, each once.
[[nodiscard]] std::vector<std::string> read_tags(const Place& owner);
/// The group of the item, or of its config.
[[nodiscard]] std::string read_group(const Place& owner);
/// False if the item's config says that it is switched off.
[[nodiscard]] bool is_enabled(const Place& item);
/// A relation as SQL text: what dbt says, unless it quotes in a way that the engines do not know or
/// says nothing; then its parts, quoted.
[[nodiscard]] std::string rendered_relation(const contracts::Relation& relation, std::string said);
[[nodiscard]] contracts::Relation read_relation(const Place& node_relation);

}  // namespace loquat::dbt
