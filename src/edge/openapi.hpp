#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "loquat/edge/routes.hpp"

namespace loquat::edge {
/// OpenAPI 3.1 of the given routes. Pure.
[[nodiscard]] std::string openapi_document(const std::vector<RouteSpec>& specs,
                                           std::string_view version);
}  // namespace loquat::edge
