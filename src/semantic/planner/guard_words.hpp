#pragma once
#include <optional>
#include <string>
#include <vector>

#include "semantic/language/text.hpp"

namespace loquat::semantic::planner {

/// The word that asks to change data or to get around the rules; nothing if the question only asks.
struct Forbidden {
  std::string word;
  bool bypass = false;  ///< raw SQL, ignored rules
};
[[nodiscard]] std::optional<Forbidden> forbidden_request(const std::vector<language::Token>& tokens,
                                                         bool has_previous);

}  // namespace loquat::semantic::planner
