#pragma once
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "loquat/semantic/planner.hpp"
#include "semantic/language/text.hpp"
#include "semantic/planner/hash_index.hpp"

/// The words of one imported model and of its data, looked up by how people may write them.
namespace loquat::semantic::planner {

using language::Token;

inline void add_once(std::vector<std::uint32_t>& list, std::uint32_t id) {
  if (std::find(list.begin(), list.end(), id) == list.end()) list.push_back(id);
}

enum class TermKind { metric, dimension, personal_column };
enum class Source { name, label, synonym, initials };

/// One way to say one thing. `words` in order; `head` is what the thing is (time in "Delivery time,
/// 90th percentile"), `words.size()` if that cannot be told.
struct Term {
  TermKind kind = TermKind::metric;
  Source source = Source::name;
  std::uint32_t target = 0;
  std::vector<std::uint32_t> words;
  std::size_t head = 0;
};

struct Word {
  std::string text, stem, root;
  bool filler = false, light = false, time_unit = false;
  bool expanded = false;  ///< a terse word of a name whose full form the model says
  bool function = false;  ///< a filler of grammar alone: of, the, is
  bool natural = false;   ///< stands in a label, a description or a synonym, not only in names
  double rarity = 1;      ///< 0.4 (in many metrics' names) to 1
  std::vector<std::uint32_t> terms;
  std::vector<std::uint32_t> qualifies;  ///< dimensions that this word may narrow down
};

/// A word of the model that a word of the question may stand for.
struct Hit {
  std::uint32_t word = 0;
  double likeness = 1;  ///< 1 written alike, less for related, abbreviated, mistyped
};

struct MetricEntry {
  const contracts::Metric* metric = nullptr;
  std::vector<std::uint32_t> said;     ///< words of its own name, label, synonyms
  std::vector<std::uint32_t> context;  ///< words of its description
  std::vector<std::uint32_t> around;   ///< words of its semantic models
  std::vector<bool> reaches;           ///< by dimension
  bool counts_something = false;
  std::string
      counted_entity;    ///< of a count that no metric of the project makes; said as `how many`
  bool has_date = true;  ///< of such a count: its rows happen on a date
};
/// Where something comes from or goes to, as far as the names say so.
enum class Direction { none, origin, destination };

struct DimensionEntry {
  DimensionInfo info;
  std::string shown;               ///< label for people, told apart from equal ones by its path
  std::string path;                ///< entities walked, joined by two underscores
  std::uint32_t concept_word = 0;  ///< word id of the last word of its name plus 1: country, city
  Direction direction = Direction::none;
  bool numeric = false;  ///< every value read is a number
  std::size_t hops = 0;
  std::uint32_t column = 0;  ///< equal for the same column reached over several paths
  bool boolean = false;
  bool names_entity = false;  ///< what people mean by the entity's own word: product_name
};
struct ValueEntry {
  std::string text;
  std::vector<std::uint32_t> columns;
  std::uint32_t words_begin = 0, words_count = 0;  ///< in the list of all values' words
};
/// Values in the order of their words: those that begin alike stand together.
struct ValueRange {
  std::uint32_t begin = 0, end = 0;
  [[nodiscard]] bool empty() const { return begin == end; }
};

class Lexicon final : public Vocabulary {
 public:
  Lexicon(std::shared_ptr<const ModelIndex> index, DimensionValues values);

  [[nodiscard]] const ModelIndex& index() const override { return *index_; }
  [[nodiscard]] std::vector<Hit> hits(const Token& token) const;
  /// Two words written apart that the model writes as one (e mail).
  [[nodiscard]] std::vector<Hit> joined_hits(const Token& left, const Token& right) const;

  std::vector<MetricEntry> metrics;
  std::vector<DimensionEntry> dimensions;
  std::vector<ValueEntry> values;
  std::vector<Term> terms;
  std::vector<Word> words;
  std::vector<std::string> personal_columns;

  [[nodiscard]] const MetricEntry* metric(std::string_view name) const;
  [[nodiscard]] const DimensionEntry* dimension(std::string_view name) const;
  /// True if `variant` is computed from `base`: a ratio, growth, or the same measure over time.
  [[nodiscard]] bool builds_on(std::uint32_t variant, std::uint32_t base) const;
  [[nodiscard]] std::uint32_t metric_id(std::string_view name) const;  ///< metrics.size() if none
  /// The count of an entity; metrics.size() if there is none.
  [[nodiscard]] std::uint32_t count_of(std::string_view entity) const;
  /// Values read of this column, as written in the data.
  [[nodiscard]] const std::vector<std::uint32_t>* values_of(std::uint32_t column) const;

  [[nodiscard]] ValueRange all_values() const {
    return {0, static_cast<std::uint32_t>(value_order_.size())};
  }
  /// Of `range`, whose values agree in `depth` words, those that go on with `word`.
  [[nodiscard]] ValueRange narrowed(ValueRange range, std::uint32_t depth,
                                    std::uint32_t word) const;
  /// Of the same, those that end there; they stand first.
  template <class Use>
  void whole_values(ValueRange range, std::uint32_t depth, Use use) const {
    for (std::uint32_t at = range.begin; at < range.end; ++at) {
      if (values[value_order_[at]].words_count != depth) return;
      use(value_order_[at]);
    }
  }
  /// Words like `and`, `of` that stand inside values and may be left out.
  [[nodiscard]] const std::vector<std::uint32_t>& filler_words_in_values() const {
    return value_fillers_;
  }

 private:
  std::uint32_t word_id(const Token& token);
  std::vector<std::uint32_t> word_ids(std::string_view name);
  void add_term(TermKind kind, Source source, std::uint32_t target, std::string_view said);
  void add_initials(std::uint32_t metric, std::string_view label);
  void add_metrics();
  void add_context(MetricEntry& entry);
  void add_counts();
  void add_dimensions();
  void add_dimension_terms(std::uint32_t id);
  void describe_dimensions();
  void expand_terse_names();
  [[nodiscard]] std::optional<std::uint32_t> full_form(std::uint32_t terse) const;
  void add_values(const DimensionValues& values);
  void add_value_words(ValueEntry& value);
  void order_values();
  void add_personal_columns();
  void weigh_words();
  void index_words();
  void add_mistyped(const Token& token, std::vector<Hit>& found) const;

  std::shared_ptr<const ModelIndex> index_;
  std::unordered_map<std::string, std::uint32_t> by_text_, metric_by_name_, dimension_by_name_,
      count_by_entity_;
  std::uint32_t words_of_the_model_ = 0;  ///< words from here on stand in values only
  HashIndex by_stem_, by_root_, by_deletion_;
  std::vector<std::uint32_t> value_words_, value_order_, value_fillers_;
  std::unordered_map<std::uint32_t, std::string> full_forms_;       ///< stems, of expanded words
  std::unordered_map<char, std::vector<std::uint32_t>> by_letter_;  ///< words of names and labels
  std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> values_by_column_;
};

}  // namespace loquat::semantic::planner
