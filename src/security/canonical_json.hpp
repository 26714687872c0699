#pragma once
#include <string>
#include <string_view>

#include "loquat/wire/json.hpp"

namespace loquat::security {

/// Of what is parsed already; else as canonical_json of a text.
[[nodiscard]] std::string canonical_json(const wire::JsonNode& node);

/// `text`, which must be UTF-8, as a canonical JSON string with its quotes.
void append_canonical(std::string& out, std::string_view text);

}  // namespace loquat::security
