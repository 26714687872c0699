#pragma once

/// Written by `bench/planner-calibration --write`; do not edit.
namespace loquat::semantic::planner {

/// Answered from this probability on; below it is asked back or refused.
constexpr double kAnswerMin = 0.80;

constexpr double kIntercept = 2.069;
constexpr double kDoubt = -1.035;
constexpr double kRivalry = -1.962;
constexpr double kHalfName = -0.864;
constexpr double kLacking = -6.388;
constexpr double kNotKnown = -6.507;
constexpr double kLength = 4.422;
constexpr double kFollowUp = 1.354;
constexpr double kTie = -2.619;

}  // namespace loquat::semantic::planner
