#pragma once
#include <optional>
#include <vector>

#include "semantic/planner/reading.hpp"

namespace loquat::semantic::planner {

/// What the model has on a subject ("what do we know about shipping?"): metrics and dimensions
/// whose names, labels, synonyms, descriptions or tables say its words. Nothing if a word of the
/// question is neither of the subject nor of the asking, or if nothing has it.
[[nodiscard]] std::optional<ModelAnswer> about_subject(const Lexicon& lexicon,
                                                       const std::vector<Token>& tokens);

}  // namespace loquat::semantic::planner
