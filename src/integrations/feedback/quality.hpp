#pragma once
#include <optional>
#include <string>
#include <vector>

#include "loquat/base/fields.hpp"
#include "loquat/contracts/stores.hpp"

/// How good answers are, by what they were about. Pure.
namespace loquat::feedback {

/// `kind`: ranking, comparison, share, trend, breakdown or total of a metric query, else the
/// answer's intent.
[[nodiscard]] contracts::AnswerFacts facts_of(const contracts::TurnFinished& turn);

struct QualityLine {
  std::string value;
  std::int64_t answers = 0, complete = 0, feedback = 0, accepted = 0, rejected = 0, corrections = 0,
               escalations = 0;
  std::optional<double> acceptance_rate, mean_rating;
  double mean_confidence = 0;
  template <class V>
  void fields(V& v) {
    v("value", value, "The metric, agent, kind of question or day.");
    v("answers", answers, "Answers given.");
    v("complete", complete, "Of these, answered in full.");
    v("feedback", feedback, "Events that count about them.");
    v("accepted", accepted, "thumbs_up and implicit_accept.");
    v("rejected", rejected, "thumbs_down, implicit_reject, correction and escalation.");
    v("corrections", corrections, "Of the rejected.");
    v("escalations", escalations, "Of the rejected.");
    v("acceptance_rate", acceptance_rate, "Accepted over accepted and rejected.", in(0, 1));
    v("mean_rating", mean_rating, "Of ratings one to five.");
    v("mean_confidence", mean_confidence, "That the question was read right.", in(0, 1));
  }
};
struct QualityView {
  std::string by;
  std::vector<QualityLine> rows;
  WallTime as_of{};
  template <class V>
  void fields(V& v) {
    v("by", by, "metric, agent, kind or day.", one_of({"metric", "agent", "kind", "day"}));
    v("rows", rows, "Most answers first; days in order.");
    v("as_of", as_of, "What came through the pipeline by then.");
  }
};
[[nodiscard]] QualityLine line_of(const contracts::QualityRow& row);

/// Accepting and rejecting events of a count by type; the summary and the quality view agree.
struct Standings {
  std::int64_t total = 0, accepted = 0, rejected = 0;
  std::optional<double> acceptance_rate;
};
[[nodiscard]] Standings standings_of(const std::map<std::string, std::int64_t>& by_type);

}  // namespace loquat::feedback
