#include "quality.hpp"

#include <algorithm>

namespace loquat::feedback {
namespace {

std::string kind_of(const contracts::TurnFinished& turn) {
  if (!turn.query || turn.query->metrics.empty()) return turn.answer->intent;
  const auto& query = *turn.query;
  const bool has_time = std::ranges::any_of(
      query.group_by, [](const auto& item) { return item.starts_with("metric_time"); });
  if (query.top_per_group || (query.limit && !query.order_by.empty())) return "ranking";
  if (query.comparison) return "comparison";
  if (!query.shares.empty()) return "share";
  if (has_time) return "trend";
  return query.group_by.empty() ? "total" : "breakdown";
}

}  // namespace

contracts::AnswerFacts facts_of(const contracts::TurnFinished& turn) {
  contracts::AnswerFacts facts;
  facts.tenant_id = turn.principal.tenant_id;
  facts.response_id = turn.answer->response_id;
  facts.kind = kind_of(turn);
  facts.status = name_of(turn.answer->status);
  facts.confidence = turn.answer->confidence;
  if (turn.query) facts.metrics = turn.query->metrics;
  facts.agents = turn.answer->agents_visited;
  facts.at = turn.started_at;
  return facts;
}

Standings standings_of(const std::map<std::string, std::int64_t>& by_type) {
  using wire::FeedbackType;
  Standings out;
  const auto of = [&](FeedbackType type) {
    const auto found = by_type.find(std::string(name_of(type)));
    return found == by_type.end() ? std::int64_t{0} : found->second;
  };
  for (const auto& [_, count] : by_type) out.total += count;
  out.accepted = of(FeedbackType::thumbs_up) + of(FeedbackType::implicit_accept);
  out.rejected = of(FeedbackType::thumbs_down) + of(FeedbackType::implicit_reject) +
                 of(FeedbackType::correction) + of(FeedbackType::escalation);
  if (out.accepted + out.rejected > 0)
    out.acceptance_rate =
        static_cast<double>(out.accepted) / static_cast<double>(out.accepted + out.rejected);
  return out;
}

QualityLine line_of(const contracts::QualityRow& row) {
  const auto of = [&](wire::FeedbackType type) {
    const auto found = row.by_type.find(std::string(name_of(type)));
    return found == row.by_type.end() ? std::int64_t{0} : found->second;
  };
  const Standings standings = standings_of(row.by_type);
  QualityLine line;
  line.value = row.value;
  line.answers = row.answers;
  line.complete = row.complete;
  line.feedback = standings.total;
  line.accepted = standings.accepted;
  line.rejected = standings.rejected;
  line.corrections = of(wire::FeedbackType::correction);
  line.escalations = of(wire::FeedbackType::escalation);
  line.acceptance_rate = standings.acceptance_rate;
  if (row.rating_count > 0)
    line.mean_rating = row.rating_sum / static_cast<double>(row.rating_count);
  if (row.answers > 0) line.mean_confidence = row.confidence_sum / static_cast<double>(row.answers);
  return line;
}

}  // namespace loquat::feedback
