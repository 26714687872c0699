#pragma once
#include <vector>

#include "collect.hpp"
#include "loquat/wire/events.hpp"

/// Feedback -> learning signals. Pure.
namespace loquat::feedback {

/// Signals of one event: a demonstration and a preference of a correction, a reward of a vote or
/// rating. None for an event that is not verified, or whose response is not known any more. The
/// same event gives the same signals with the same ids, so that a message seen twice has one
/// effect.
[[nodiscard]] std::vector<wire::LearningSignal> signals_of(const wire::FeedbackEvent& event,
                                                           const KnownResponse& response);

}  // namespace loquat::feedback
