#include "cors.hpp"

#include <algorithm>

namespace loquat::net {

std::string listed_origin(const Request& request, const std::vector<std::string>& origins) {
  const auto origin = request.header("Origin");
  if (origin.empty() || std::ranges::find(origins, origin) == origins.end()) return {};
  return std::string(origin);
}

std::optional<Response> answer_preflight(const Request& request) {
  if (request.method != Method::options || !request.headers.has("Access-Control-Request-Method"))
    return std::nullopt;
  Response response;
  response.status = 204;
  response.headers.set("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE");
  const auto wanted = request.header("Access-Control-Request-Headers");
  if (!wanted.empty())  // a listed page may send what it likes; each handler judges what it reads
    response.headers.set("Access-Control-Allow-Headers", std::string(wanted));
  response.headers.set("Access-Control-Max-Age", "600");
  response.headers.add("Vary", "Access-Control-Request-Headers");
  return response;
}

void allow_origin(Response& response, const std::string& origin) {
  response.headers.set("Access-Control-Allow-Origin", origin);
  response.headers.set("Access-Control-Expose-Headers",
                       "ETag, Link, Retry-After, X-Request-ID, Content-Disposition");
  response.headers.add("Vary", "Origin");
}

}  // namespace loquat::net
