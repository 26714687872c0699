#include "loquat/agents/quality_window.hpp"

#include <algorithm>
#include <cmath>

namespace loquat::agents {
namespace {

/// Nearest rank (Hyndman and Fan 1996, definition 1); `sorted` is not empty.
double percentile(const std::vector<float>& sorted, double share) {
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  return static_cast<double>(sorted[std::max<std::size_t>(rank, 1) - 1]);
}

}  // namespace

void QualityWindow::note(const contracts::TurnFinished& turn) {
  if (!turn.answer) return;
  const auto known = tenants_.find(turn.principal.tenant_id);
  if (known == tenants_.end() && tenants_.size() >= kTenantsMax) {
    ++left_out_;
    return;
  }
  Sums& sums = known != tenants_.end() ? known->second : tenants_[turn.principal.tenant_id];
  ++sums.answers;
  if (turn.answer->status == wire::AnswerStatus::complete) ++sums.complete;
  if (!turn.degraded.empty()) ++sums.degraded;
  if (turn.result) {
    ++sums.with_rows;
    sums.rows += static_cast<double>(turn.result->rows.size());
  }
  sums.confidence += turn.answer->confidence;
  sums.latency += turn.total_ms;
  sums.latency_max = std::max(sums.latency_max, turn.total_ms);
  if (sums.latencies.size() < kLatenciesMax)
    sums.latencies.push_back(static_cast<float>(turn.total_ms));
}

std::vector<wire::MetricsEvent> QualityWindow::take(std::chrono::seconds length) {
  std::vector<wire::MetricsEvent> events;
  for (auto& [tenant_id, sums] : std::exchange(tenants_, {})) {
    std::vector<float> sorted = sums.latencies;
    std::ranges::sort(sorted);
    const auto count = static_cast<double>(sums.answers);
    wire::MetricsEvent& event = events.emplace_back();
    event.event_type = wire::MetricsEvent::kType;
    event.tenant_id = tenant_id;
    event.agent = "quality";
    event.window = "PT" + std::to_string(length.count()) + "S";
    event.metrics = {{"answers", count},
                     {"complete", static_cast<double>(sums.complete)},
                     {"degraded", static_cast<double>(sums.degraded)},
                     {"confidence_mean", sums.confidence / count},
                     {"answer_latency_ms_mean", sums.latency / count},
                     {"answer_latency_ms_p50", percentile(sorted, 0.5)},
                     {"answer_latency_ms_p95", percentile(sorted, 0.95)},
                     {"answer_latency_ms_max", sums.latency_max}};
    if (sums.with_rows > 0)
      event.metrics["rows_mean"] = sums.rows / static_cast<double>(sums.with_rows);
  }
  return events;
}

}  // namespace loquat::agents
