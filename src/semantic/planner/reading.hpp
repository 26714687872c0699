#pragma once
#include <string>
#include <vector>

#include "loquat/semantic/planner.hpp"
#include "semantic/planner/draft.hpp"
#include "semantic/planner/frame.hpp"

/// One reading of a question, held against the model: a query, or what stands in its way.
namespace loquat::semantic::planner {

enum class Lack { nothing, metric, dimension, value, path, period, detail, misfit };

struct Reading {
  Draft draft;
  Frame frame;
  MetricQuery query;
  double score = 0;
  double doubt = 0;  ///< 0 none; taken off the confidence
  Lack lack = Lack::nothing;
  std::string lacking;                   ///< what is missing, in words
  std::vector<std::string> unreachable;  ///< dimensions asked for that the metrics do not have
  bool follow_up = false;
  bool ambiguous_dimension = false;
  bool elliptic = false;          ///< half a metric's name, the rest of it is the last question's
  const Edge* counted = nullptr;  ///< the entity that is counted, no metric being said
  std::vector<Frame> rivals;  ///< the same words with another dimension or metric of equal standing
  std::vector<std::string> kept, changed;
  std::vector<std::size_t> unknown;
  std::vector<std::size_t> by_context;  ///< words that only a description explains
  std::string time_phrase;
};

struct Setting {
  const Lexicon& lexicon;
  const PlanRequest& request;
  const std::vector<Token>& tokens;
  language::Calendar calendar;
};

/// Reads one draft as a question of its own, or as a change of the previous query.
[[nodiscard]] Reading read_draft(const Setting& setting, const Draft& draft, bool as_change);

}  // namespace loquat::semantic::planner
