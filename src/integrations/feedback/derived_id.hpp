#pragma once
#include <initializer_list>
#include <string>
#include <string_view>

namespace loquat::feedback {

/// `<prefix>-<UUIDv8>` (RFC 9562 section 5.8) over the SHA-256 of `sources`: the same sources give
/// the same id, so that what is derived twice is one thing.
[[nodiscard]] std::string derived_id(std::string_view prefix,
                                     std::initializer_list<std::string_view> sources);

}  // namespace loquat::feedback
