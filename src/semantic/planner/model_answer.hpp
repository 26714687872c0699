#pragma once
#include <optional>

#include "semantic/planner/reading.hpp"

namespace loquat::semantic::planner {

/// Answers a question about the model itself, from the model; nothing if it is not one.
[[nodiscard]] std::optional<ModelAnswer> answer_about_model(const Setting& setting);

}  // namespace loquat::semantic::planner
