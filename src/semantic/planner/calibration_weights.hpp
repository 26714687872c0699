#pragma once

/// Written by `bench/planner-calibration --write`; do not edit.
namespace loquat::semantic::planner {

/// Answered from this probability on; below it is asked back or refused.
constexpr double kAnswerMin = 0.80;

constexpr double kIntercept = 2.981;
constexpr double kDoubt = -1.259;
constexpr double kRivalry = -2.496;
constexpr double kHalfName = -1.093;
constexpr double kLacking = -6.241;
constexpr double kNotKnown = -5.987;
constexpr double kLength = 2.499;
constexpr double kFollowUp = 0.419;
constexpr double kTie = -2.489;

}  // namespace loquat::semantic::planner
