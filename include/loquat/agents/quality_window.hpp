#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "loquat/contracts/turn.hpp"
#include "loquat/wire/events.hpp"

namespace loquat::agents {

/// What all answers of a time window were like, by tenant. Pure; time comes in.
class QualityWindow {
 public:
  /// Tenants beyond that many in one window are counted in `left_out`, and not reported.
  static constexpr std::size_t kTenantsMax = 1'000;
  /// Percentiles are of the first that many answers of a tenant.
  static constexpr std::size_t kLatenciesMax = 1'024;

  void note(const contracts::TurnFinished& turn);
  /// One event for each tenant that asked since the last call, `length` long; the driver gives id
  /// and time. Metrics: answers, complete, degraded, confidence_mean, answer_latency_ms_mean, _p50,
  /// _p95 and _max (nearest rank), rows_mean of those with rows.
  [[nodiscard]] std::vector<wire::MetricsEvent> take(std::chrono::seconds length);
  [[nodiscard]] std::uint64_t left_out() const noexcept { return left_out_; }

 private:
  struct Sums {
    std::uint64_t answers = 0, complete = 0, degraded = 0, with_rows = 0;
    double confidence = 0, latency = 0, latency_max = 0, rows = 0;
    std::vector<float> latencies;
  };
  std::map<std::string, Sums> tenants_;
  std::uint64_t left_out_ = 0;
};

}  // namespace loquat::agents
