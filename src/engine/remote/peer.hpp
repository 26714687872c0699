#pragma once
#include <string>

#include "loquat/contracts/ports.hpp"
#include "loquat/engine/engine.hpp"
#include "loquat/net/client.hpp"

namespace loquat::engine {

/// What every call to a remote engine needs of its caller.
struct Caller {
  contracts::Principal principal;
  contracts::RequestContext context;
};

/// `base` without a slash at its end, then `path`.
[[nodiscard]] std::string join_url(std::string_view base, std::string_view path);
/// The path and query of `url` on the host of `base`: a peer names places of its own, but it does
/// not choose the host that we talk to. Errors: corrupt.
[[nodiscard]] Result<std::string> on_same_host(std::string_view base, std::string_view url);
[[nodiscard]] net::ClientRequest make_request(net::Method method, std::string url,
                                              const Caller& caller, const Secret& token,
                                              Time deadline);
/// Short text of a peer's message that may be shown: one line, no path.
[[nodiscard]] std::string shown_message(std::string_view text, std::string_view otherwise);

}  // namespace loquat::engine
