#include "loquat/security/authenticator.hpp"

#include <fstream>
#include <iterator>

#include "jwt_verifier.hpp"

namespace loquat::security {
namespace {

constexpr std::size_t kIdBytesMax = 128;

bool is_good_id(std::string_view id) {
  if (id.empty() || id.size() > kIdBytesMax) return false;
  for (const char c : id)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
  return true;
}

/// Where nobody proves anything: the headers are believed.
class OpenAuthenticator final : public Authenticator {
 public:
  Result<contracts::Principal> authenticate(const Credentials& credentials) const override {
    contracts::Principal principal;
    principal.tenant_id = credentials.tenant_header.empty() ? "demo" : credentials.tenant_header;
    principal.user_id = credentials.user_header.empty() ? "demo" : credentials.user_header;
    // `_` starts tenants of our own, such as `_unauthenticated`.
    if (!is_good_id(principal.tenant_id) || principal.tenant_id.starts_with('_'))
      return fail(Errc::invalid_request, "X-Tenant-ID must be 1 to 128 printable characters");
    if (!is_good_id(principal.user_id))
      return fail(Errc::invalid_request, "X-User-ID must be 1 to 128 printable characters");
    principal.roles = {"operator"};
    principal.auth_method = "none";
    principal.ip = credentials.ip;
    return principal;
  }
  AuthMode mode() const noexcept override { return AuthMode::none; }
};

class TokenAuthenticator final : public Authenticator {
 public:
  TokenAuthenticator(JwtVerifier verifier, JwtConfig config)
      : verifier_(std::move(verifier)), config_(std::move(config)) {}

  Result<contracts::Principal> authenticate(const Credentials& credentials) const override {
    const auto token = token_of(credentials);
    if (token.empty()) return fail(Errc::unauthorized, "a token is required");
    const auto claims = verifier_.verify(token);
    if (!claims) return claims.error();
    contracts::Principal principal;
    principal.tenant_id = claims->tenant;
    principal.user_id = claims->subject;
    principal.roles = claims->roles;
    if (!claims->has_roles && !config_.default_role.empty())
      principal.roles = {config_.default_role};
    principal.expires_at = claims->expires_at;
    principal.auth_method = "jwt";
    principal.ip = credentials.ip;
    if (!is_good_id(principal.tenant_id) || principal.tenant_id.starts_with('_'))
      return fail(Errc::unauthorized, "the token names no tenant");
    if (!is_good_id(principal.user_id))
      return fail(Errc::unauthorized, "the token names no subject");
    if (!credentials.tenant_header.empty() && credentials.tenant_header != principal.tenant_id)
      return fail(Errc::forbidden, "X-Tenant-ID names another tenant than the token");
    if (!credentials.user_header.empty() && credentials.user_header != principal.user_id)
      return fail(Errc::forbidden, "X-User-ID names another user than the token");
    return principal;
  }
  AuthMode mode() const noexcept override { return AuthMode::jwt; }

 private:
  static std::string_view token_of(const Credentials& credentials) {
    constexpr std::string_view kScheme = "bearer ";
    const auto header = credentials.authorization;
    bool is_bearer = header.size() > kScheme.size();
    for (std::size_t i = 0; is_bearer && i < kScheme.size(); ++i)
      is_bearer = (header[i] | 0x20) == kScheme[i];
    if (is_bearer) return header.substr(kScheme.size());
    return credentials.bare_token;
  }
  JwtVerifier verifier_;
  JwtConfig config_;
};

Result<std::string> read_key(const JwtConfig& config) {
  if (!config.key.empty()) return config.key.reveal();
  if (config.key_path.empty())
    return fail(Errc::invalid_request, "auth.mode jwt needs auth.jwt.key or auth.jwt.key_path");
  std::ifstream in(config.key_path, std::ios::binary);
  std::string key{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in.is_open() || key.empty())
    return fail(Errc::invalid_request, "auth.jwt.key_path cannot be read: " + config.key_path);
  // An editor's line end is no part of a shared secret.
  while (config.algorithm == JwtAlgorithm::HS256 && (key.ends_with('\n') || key.ends_with('\r')))
    key.pop_back();
  return key;
}

}  // namespace

bool is_loopback(std::string_view host) noexcept {
  return host == "localhost" || host == "::1" || host == "[::1]" || host.starts_with("127.");
}

Result<std::unique_ptr<Authenticator>> Authenticator::make(const AuthConfig& config,
                                                           std::string_view http_host,
                                                           const WallClock& wall) {
  if (config.mode == AuthMode::none) {
    if (!is_loopback(http_host))
      return fail(Errc::invalid_request,
                  "auth.mode none is allowed only where http.host is a loopback address; it is " +
                      std::string(http_host));
    return std::unique_ptr<Authenticator>(std::make_unique<OpenAuthenticator>());
  }
  auto key = read_key(config.jwt);
  if (!key) return key.error();
  auto verifier = JwtVerifier::make(config.jwt, Secret(std::move(*key)), wall);
  if (!verifier) return verifier.error();
  return std::unique_ptr<Authenticator>(
      std::make_unique<TokenAuthenticator>(std::move(*verifier), config.jwt));
}

}  // namespace loquat::security
