#pragma once
#include <optional>
#include <string>
#include <vector>

#include "loquat/net/http.hpp"

/// Cross-origin requests of pages that are listed (fetch.spec.whatwg.org, section 3.3). Without
/// credentials: callers show a token, not a cookie.
namespace loquat::net {

/// Empty if the request comes from no page, or from one that is not listed.
[[nodiscard]] std::string listed_origin(const Request& request,
                                        const std::vector<std::string>& origins);
/// The answer to a preflight; nothing if `request` is none.
[[nodiscard]] std::optional<Response> answer_preflight(const Request& request);
void allow_origin(Response& response, const std::string& origin);

}  // namespace loquat::net
