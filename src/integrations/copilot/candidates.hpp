#pragma once
#include <string>
#include <vector>

#include "loquat/contracts/turn.hpp"
#include "loquat/semantic/planner.hpp"

namespace loquat::copilot {

/// A follow-up that has been planned and compiled: sent as it stands, it is answered.
struct Candidate {
  std::string type;     ///< drill_down, over_time, compare, share
  std::string message;  ///< what is sent
  double confidence = 0;
  contracts::MetricQuery query;
};

struct CandidateRequest {
  std::shared_ptr<const contracts::ModelSnapshot> model;
  std::string question;
  contracts::MetricQuery query;  ///< the one just answered
  Date today{};
  std::size_t most = 2;
};

/// At most `most` follow-ups of different types, best first. Pure; plans and compiles each, so it
/// belongs on the worker pool.
[[nodiscard]] std::vector<Candidate> follow_ups(const CandidateRequest& request);
/// Questions to start with: one per metric, the best described first. Each planned and compiled.
[[nodiscard]] std::vector<Candidate> starters(const contracts::ModelSnapshot& model, Date today,
                                              std::size_t most);

}  // namespace loquat::copilot
