#include "header_words.hpp"
#include "loquat/edge/routes.hpp"

/// Who calls.
namespace loquat::edge {
namespace {

constexpr std::string_view kCookie = "loquat_stream";

/// Said twice, a proxy before us may have believed the one and we the other.
Result<void> is_said_once(const net::Request& request) {
  for (const char* name : {"Authorization", "X-Tenant-ID", "X-User-ID"})
    if (request.headers.count(name) > 1)
      return fail(Errc::invalid_request, std::string(name) + " may be sent only once.");
  return {};
}

}  // namespace

Task<void> Routes::learn_keys(const net::Request& request) {
  auto token = security::bearer_of(request.header("Authorization"));
  if (token.empty()) token = request.query_value("token").value_or(std::string_view());
  if (token.empty() || security::looks_like_api_key(token)) co_return;
  co_await ports().authenticator.learn_keys(std::string(token));
}

/// However the caller is proven: a header that names somebody else is refused.
Result<contracts::Principal> Routes::identify(const net::Request& request, bool with_ticket) {
  if (const auto once = is_said_once(request); !once) return once.error();
  auto principal = prove(request, with_ticket);
  if (!principal) return principal;
  const auto tenant = request.header("X-Tenant-ID"), user = request.header("X-User-ID");
  if (!tenant.empty() && tenant != principal->tenant_id)
    return fail(Errc::forbidden, "X-Tenant-ID names another tenant than the token");
  if (!user.empty() && user != principal->user_id)
    return fail(Errc::forbidden, "X-User-ID names another user than the token");
  return principal;
}

Result<contracts::Principal> Routes::prove(const net::Request& request, bool with_ticket) {
  auto& ports = this->ports();
  const auto now = Clock::now();
  security::Credentials shown;
  shown.authorization = request.header("Authorization");
  shown.tenant_header = request.header("X-Tenant-ID");
  shown.user_header = request.header("X-User-ID");
  shown.ip = request.peer_ip;
  if (with_ticket && shown.authorization.empty()) {
    if (const auto ticket = request.query_value("ticket")) {
      auto principal = ports.tickets.redeem(*ticket, now);
      if (principal && (ports.api_keys == nullptr || ports.api_keys->still_stands(*principal))) {
        // Who proved nothing has a ticket that proves nothing.
        if (principal->auth_method != "none") principal->auth_method = "ticket";
        principal->ip = request.peer_ip;
        return std::move(*principal);
      }
    }
    const auto cookie = cookie_of(request.header("Cookie"), kCookie);
    if (!cookie.empty()) {
      auto principal = ports.cookies.peek(cookie, now, request.path);
      if (principal && (ports.api_keys == nullptr || ports.api_keys->still_stands(*principal)))
        return std::move(*principal);
    }
    if (const auto token = request.query_value("token")) shown.bare_token = *token;
  }
  const auto bearer = security::bearer_of(shown.authorization);
  const auto given = bearer.empty() ? shown.bare_token : bearer;
  if (ports.api_keys == nullptr || !security::looks_like_api_key(given))
    return ports.authenticator.authenticate(shown);
  auto principal = ports.api_keys->authenticate(given, request.peer_ip);
  if (principal) ports.authenticator.apply_policies(*principal);
  return principal;
}

}  // namespace loquat::edge
