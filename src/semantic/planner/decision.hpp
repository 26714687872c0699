#pragma once
#include <functional>
#include <vector>

#include "semantic/planner/reading.hpp"

namespace loquat::semantic::planner {

/// Answer, ask back or refuse: from the readings, best first and at least one.
/// `offer`: choices and near questions are made (and each planned once to see that it holds).
[[nodiscard]] PlanOutcome decide(const Setting& setting, const std::vector<Reading>& readings,
                                 const Evidence& evidence, bool offer);

/// Plans one question; `offer` false keeps a check of a choice from making choices of its own.
[[nodiscard]] PlanOutcome plan_once(const Lexicon& lexicon, const PlanRequest& request, bool offer);

/// Calls `use` with the best reading of a question, while what it points to lives; not at all for
/// what is refused at sight.
void with_best_reading(const Lexicon& lexicon, const PlanRequest& request,
                       const std::function<void(const Setting&, const Reading&)>& use);

}  // namespace loquat::semantic::planner
