#pragma once
#include <vector>

#include "semantic/planner/reading.hpp"

/// From evidence to a probability: how often a best reading with such evidence was what was asked,
/// over the question sets of all companies here. Logistic regression; `bench/planner-calibration`
/// fits the weights, prints how well they hold on companies left out, and writes them.
namespace loquat::semantic::planner {

[[nodiscard]] Evidence evidence_of(const Setting& setting, const std::vector<Reading>& readings);
/// 0 to 1: the probability that the best reading is what was meant.
[[nodiscard]] double probability_of(const Evidence& evidence);

}  // namespace loquat::semantic::planner
