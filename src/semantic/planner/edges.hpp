#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "semantic/language/time_words.hpp"
#include "semantic/planner/lexicon.hpp"

/// What stretches of a question may mean. Every reading of a question is a path over such edges;
/// evidence is counted in one currency: 1 for a word that is understood exactly.
namespace loquat::semantic::planner {

enum class EdgeKind {
  metric,
  dimension,
  value,
  time,
  grain,
  date_part,
  operation,
  filler,
  unknown
};

enum class Op {
  split,    ///< by, per, for each
  each,     ///< side by side: each, respectively
  conjoin,  ///< and
  rank,     ///< top 5, highest; `count` 0 if not said
  share,    ///< as a percentage of the total
  running_total,
  compare,          ///< compare, versus
  previous_period,  ///< compared with the previous period
  same_period_last_year,
  threshold,  ///< more than 50,000
  fill_gaps,  ///< including days without any
  exclude,    ///< except, without
  only,
  over_time,  ///< trend, develop
  inventory,  ///< what ... are there, list of
  how_many,
  sort,
  growth,       ///< growing, increase: needs a metric that says so
  negate,       ///< not, non
  add,          ///< also, as well as
  opener,       ///< what about, and: changes the last question
  remove,       ///< drop, remove the filter
  which,        ///< which depot
  aggregate,    ///< average, median, maximum: needs a metric that says so
  everything,   ///< all time, ever
  query_part,   ///< filter, grouping, limit: a part of the last question
  other_one,    ///< the other one
  in_total,     ///< in total: no more groups
  in_place_of,  ///< instead of: what follows goes
  or_beyond,    ///< or more, or less: after a number and its noun
};

struct Alternative {
  std::uint32_t target = 0;  ///< dimension, or value
  double score = 0;
  std::uint32_t column = 0;  ///< values: the column that holds it
};

struct Edge {
  std::size_t begin = 0, end = 0;
  double score = 0;
  EdgeKind kind = EdgeKind::unknown;
  std::uint32_t metric = 0;
  double missing = 0;          ///< metrics: weight of own words that the question does not say
  bool loose_synonym = false;  ///< a synonym that also heads another metric's name
  bool head_said = true;       ///< metrics: the word that names the thing is there
  double doubt = 0;            ///< mistyped, abbreviated or only related words
  bool negated = false;        ///< dimensions: uninsured
  bool by_synonym = false;     ///< metrics: said by a synonym, not by name or label
  bool personal = false;       ///< dimension of personal data, or a personal column
  std::vector<Alternative> alternatives;  ///< dimensions or values, best first
  language::DateRange range;
  language::Grain grain = language::Grain::day;
  bool fiscal = false;
  bool weak = false;
  bool has_year = false;      ///< times: the year was said, not concluded
  std::string part;           ///< date part
  std::vector<int> weekdays;  ///< ISO; empty: the part itself
  Op op = Op::split;
  double number = 0;
  std::optional<double> number_to;
  std::string sign;  ///< of a threshold
  bool descending = true;
};

using Edges = std::vector<Edge>;

/// What an edge costs by itself: one edge over two words beats two edges over one each.
constexpr double kEdgeCost = 0.15;
constexpr double kUnknownCost = 1.5;
/// A name said in full, of two words or more, is worth more than its words apart.
constexpr double kWholeNameBonus = 0.3;

[[nodiscard]] double worth_of(const Token& token);  ///< 1, or 0.3 for a filler word
[[nodiscard]] bool is_split_word(const Token& token);

void add_vocabulary_edges(const Lexicon& lexicon, const std::vector<Token>& tokens, Edges& edges);
void add_time_edges(const std::vector<Token>& tokens, const language::Calendar& calendar,
                    Edges& edges);
void add_operation_edges(const std::vector<Token>& tokens, Edges& edges);

/// One way to read all words: edges in order, none overlapping, every word covered.
struct Path {
  double score = 0;
  std::vector<const Edge*> edges;
};
/// The best paths, best first. Adds the edges for filler and unknown words to `edges`.
[[nodiscard]] std::vector<Path> best_paths(const std::vector<Token>& tokens, Edges& edges,
                                           std::size_t count);

}  // namespace loquat::semantic::planner
