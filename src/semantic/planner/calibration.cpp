#include "semantic/planner/calibration.hpp"

#include <algorithm>
#include <cmath>

#include "semantic/planner/calibration_weights.hpp"

namespace loquat::semantic::planner {

Evidence evidence_of(const Setting& setting, const std::vector<Reading>& readings) {
  const Reading& best = readings.front();
  Evidence evidence;
  evidence.doubt = std::min(best.doubt, 2.0);
  // Readings are in order of their score: the first that holds by itself is the nearest rival.
  constexpr double kNear = 0.4;
  for (const Reading& rival : readings) {
    if (&rival == &best || rival.query == best.query) continue;
    if (rival.lack != Lack::nothing || !rival.unknown.empty()) continue;
    evidence.rivalry = std::clamp(1 - (best.score - rival.score) / kNear, 0.0, 1.0);
    break;
  }
  if (!best.elliptic)
    for (const Edge* edge : best.draft.metrics) evidence.half_name += edge->missing;
  evidence.half_name = std::min(evidence.half_name, 2.0);
  evidence.lacking = best.lack == Lack::nothing && !best.ambiguous_dimension ? 0 : 1;
  const double words = static_cast<double>(setting.tokens.size());
  evidence.not_known = best.unknown.empty() ? 0 : 1;
  constexpr double kTen = 10;
  evidence.length = std::min(words / kTen, 2.0);
  evidence.follow_up = best.follow_up ? 1 : 0;
  return evidence;
}

double probability_of(const Evidence& evidence) {
  // Half a name with a rival as near is worse than either.
  const double tie = evidence.rivalry * std::min(evidence.half_name, 1.0);
  const double z = kIntercept + kDoubt * evidence.doubt + kRivalry * evidence.rivalry +
                   kHalfName * evidence.half_name + kLacking * evidence.lacking +
                   kNotKnown * evidence.not_known + kLength * evidence.length +
                   kFollowUp * evidence.follow_up + kTie * tie;
  return 1 / (1 + std::exp(-z));
}

}  // namespace loquat::semantic::planner
