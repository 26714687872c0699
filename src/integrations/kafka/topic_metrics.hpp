#pragma once
#include <map>
#include <string>

#include "loquat/observability/metrics.hpp"
#include "outbox_fsm.hpp"

namespace loquat::kafka {

/// What waits, since when, what may be there twice and what was lost, by topic. Every topic of ours
/// has its lines from the start: a loss of 0 is said, not left out.
class TopicMetrics {
 public:
  explicit TopicMetrics(observability::MetricsRegistry& metrics);
  void show(const std::map<std::string, TopicState>& topics, WallTime now);
  /// Damaged records of the spool: of which topic they were is not known.
  void lost_unknown(std::uint64_t count) { unknown_.add(static_cast<double>(count)); }

 private:
  struct Cells {
    observability::Gauge waiting, age;
    observability::Counter copies, lost;
    TopicState shown;
  };
  std::map<std::string, Cells> cells_;
  observability::Counter unknown_;
};

}  // namespace loquat::kafka
