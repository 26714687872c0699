#pragma once
#include <optional>
#include <vector>

#include "semantic/planner/edges.hpp"

/// What one path over the words says, before it is held against the model's joins.
namespace loquat::semantic::planner {

struct DimensionSaid {
  const Edge* edge = nullptr;
  bool split = false;   ///< by X, which X, top 5 X
  bool ranked = false;  ///< follows a ranking: top 5 X
  bool excluded = false;
  bool per = false;      ///< per X, for each X
  bool all = false;      ///< all X: of a follow-up, no filter on X any more
  bool leads = false;    ///< the question is about X: stands before everything else
  bool counted = false;  ///< how many X, number of X, X count
};
struct ThresholdSaid {
  const Edge* edge = nullptr;
  const Edge* dimension = nullptr;  ///< named right before: a credit limit over 4,000
  std::string sign;                 ///< the edge's, or what `or more` makes of it
};
struct ValueSaid {
  const Edge* edge = nullptr;
  bool excluded = false;
};

struct Draft {
  double score = 0;
  std::vector<const Edge*> metrics;
  std::vector<DimensionSaid> dimensions;
  std::vector<ValueSaid> values;
  std::vector<const Edge*> times, grains, parts;
  std::vector<const Edge*> excluded_times;  ///< 2024 without December
  std::vector<const Edge*> replaced;        ///< instead of these
  std::vector<ThresholdSaid> thresholds;
  std::vector<const Edge*> excluded_metrics;
  std::vector<std::string> query_parts;  ///< parts of the last question that are named
  const Edge* dangling = nullptr;        ///< a word of the grammar that finds nothing to act on
  const Edge* rank = nullptr;
  const Edge* sort = nullptr;
  const Edge* last_split_grain = nullptr;  ///< each month, after a ranking
  bool metrics_joined = true;              ///< several metrics stand side by side on purpose
  bool each = false, compare = false, only = false, add = false, opener = false, remove = false;
  bool share = false, running_total = false, fill_gaps = false, over_time = false;
  bool inventory = false, how_many = false, growth = false, previous_period = false;
  bool last_year = false, everything = false, which = false, singular_rank = false;
  bool excluded_something = false, excluded_parts = false;
  bool by_metric = false;  ///< X by revenue: what leads is listed
  bool include = false;    ///< add, include: what was left out comes back
  bool other_one = false, in_total = false, instead = false;
  bool personal = false;
  double doubt = 0;
  std::vector<std::size_t> unknown;
  std::vector<const Edge*> path;
};

[[nodiscard]] Draft draft_of(const Path& path, const std::vector<Token>& tokens);

}  // namespace loquat::semantic::planner
