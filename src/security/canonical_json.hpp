#pragma once
#include <string>

#include "loquat/wire/json.hpp"

namespace loquat::security {

/// Of what is parsed already; else as canonical_json of a text.
[[nodiscard]] std::string canonical_json(const wire::JsonNode& node);

}  // namespace loquat::security
