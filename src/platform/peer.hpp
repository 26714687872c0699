#pragma once
#include <memory>
#include <string>

#include "loquat/base/secret.hpp"
#include "loquat/contracts/ports.hpp"
#include "loquat/net/client.hpp"

namespace loquat::platform {

/// One JSON request to a service of the platform.
struct PeerCall {
  std::string_view service;  ///< for messages: "The catalog"
  net::Method method = net::Method::get;
  std::string base, path;
  contracts::Principal principal;
  contracts::RequestContext context;
  Secret token;
  std::string body;  ///< empty: none
};
/// The body of a 2xx answer. Errors: not_found (404), overloaded (429), unavailable (5xx and
/// refused credentials), invalid_request (other 4xx), and the client's own.
[[nodiscard]] contracts::Task<Result<std::string>> send(net::Client& client,
                                                        std::shared_ptr<const PeerCall> call,
                                                        Time deadline);

}  // namespace loquat::platform
