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
  bool per = false;  ///< per X, for each X
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
  std::vector<const Edge*> times, grains, parts, thresholds;
  const Edge* rank = nullptr;
  const Edge* sort = nullptr;
  const Edge* last_split_grain = nullptr;  ///< each month, after a ranking
  bool metrics_joined = true;              ///< several metrics stand side by side on purpose
  bool each = false, compare = false, only = false, add = false, opener = false, remove = false;
  bool share = false, running_total = false, fill_gaps = false, over_time = false;
  bool inventory = false, how_many = false, growth = false, previous_period = false;
  bool last_year = false, everything = false, which = false, singular_rank = false;
  bool excluded_something = false;
  bool personal = false;
  double doubt = 0;
  std::vector<std::size_t> unknown;
  std::vector<const Edge*> path;
};

[[nodiscard]] Draft draft_of(const Path& path, const std::vector<Token>& tokens);

}  // namespace loquat::semantic::planner
