#pragma once
#include <string>
#include <vector>

#include "semantic/planner/frame.hpp"

/// Queries said in words: for people, and as questions that are planned back to the same query.
namespace loquat::semantic::planner {

[[nodiscard]] std::string metric_label(const ModelIndex& index, std::string_view name);
[[nodiscard]] std::string dimension_label(const Lexicon& lexicon, std::string_view name);
/// A question in plain words; the caller plans it to see that it leads back to `frame`.
[[nodiscard]] std::string question_for(const Lexicon& lexicon, const Frame& frame);
/// `revenue, orders and buyers`
[[nodiscard]] std::string join_words(const std::vector<std::string>& words,
                                     std::string_view last = "and");
[[nodiscard]] std::string number_text(double value);
[[nodiscard]] std::string lower_first(std::string text);

}  // namespace loquat::semantic::planner
