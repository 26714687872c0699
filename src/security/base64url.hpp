#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace loquat::security {
/// Base64url without padding (RFC 7515, section 2); strict, so one value has one form.
[[nodiscard]] std::optional<std::string> decode_base64url(std::string_view text);
}  // namespace loquat::security
