#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "loquat/base/enum_names.hpp"
#include "loquat/base/fields.hpp"
#include "loquat/base/secret.hpp"

namespace loquat::security {

enum class AuthMode { none, jwt };
enum class JwtAlgorithm { HS256, RS256, ES256 };

/// Section `auth.jwt`.
struct JwtConfig {
  JwtAlgorithm algorithm = JwtAlgorithm::HS256;
  Secret key;
  std::string key_path;
  std::string jwks_url;
  std::chrono::milliseconds jwks_refresh{std::chrono::minutes(5)};
  std::chrono::milliseconds jwks_keep{std::chrono::hours(24)};
  std::chrono::milliseconds jwks_cooldown{30'000};
  std::string issuer;
  std::string audience;
  std::string tenant_claim = "tenant_id";
  std::string roles_claim = "roles";
  std::string default_role = "analyst";
  std::chrono::milliseconds leeway{30'000};
  std::vector<std::string> kept_claims;  ///< no setting: what row filters name
  template <class V>
  void fields(V& v) {
    using namespace std::chrono_literals;
    v("algorithm", algorithm, "The one algorithm that tokens may use; another is refused.",
      env("JWT_ALGORITHM"));
    v("key", key,
      "HS256: the shared secret, at least 32 bytes. RS256, ES256: the public key as PEM.",
      env("JWT_KEY"));
    v("key_path", key_path, "File that holds the key, instead of `key`.");
    v("jwks_url", jwks_url,
      "Where the issuer publishes its keys (RFC 7517), instead of `key`; for RS256 and ES256.",
      env("JWT_JWKS_URL"));
    v("jwks_refresh", jwks_refresh, "How often they are fetched again.", in(1s, 24h));
    v("jwks_keep", jwks_keep,
      "How long the last known keys stand while the issuer is away; then every token is refused.",
      in(1min, std::chrono::hours(24 * 30)));
    v("jwks_cooldown", jwks_cooldown,
      "A token with an unknown key asks the issuer again, at most once in this time.", in(1s, 1h));
    v("issuer", issuer, "Required `iss`; empty: any.", env("JWT_ISSUER"));
    v("audience", audience, "Required in `aud`; empty: any.", env("JWT_AUDIENCE"));
    v("tenant_claim", tenant_claim, "Claim that names the tenant.", env("JWT_TENANT_CLAIM"),
      len(1, 128));
    v("roles_claim", roles_claim, "Claim that lists the roles.", env("JWT_ROLES_CLAIM"),
      len(1, 128));
    v("default_role", default_role, "Role of a token without that claim; empty: none.",
      one_of({"", "viewer", "analyst", "curator", "operator"}));
    v("leeway", leeway, "Clocks may differ by this much.", in(0ms, 5min));
  }
};

/// Section `auth`.
struct AuthConfig {
  AuthMode mode = AuthMode::none;
  JwtConfig jwt;
  std::chrono::milliseconds ticket_ttl{30'000};
  int tickets_max = 10'000;
  template <class V>
  void fields(V& v) {
    using namespace std::chrono_literals;
    v("mode", mode,
      "none: X-Tenant-ID and X-User-ID are believed, only on a loopback address; jwt: a token is "
      "required.");
    v("jwt", jwt, "Tokens.");
    v("ticket_ttl", ticket_ttl, "Life of a one-time ticket.", in(1s, 5min));
    v("tickets_max", tickets_max, "Most unused tickets kept.", in(1, 1'000'000));
  }
};

/// Section `rate_limit`.
struct RateLimitConfig {
  double requests_per_second = 500;
  double burst = 1000;
  int keys_max = 100'000;
  double tenant_requests_per_second = 10'000;
  double tenant_burst = 20'000;
  template <class V>
  void fields(V& v) {
    v("requests_per_second", requests_per_second, "Steady rate of one user; 0: no limit.",
      in(0, 1'000'000), reloadable);
    v("burst", burst, "Requests that may come at once.", in(1, 10'000'000), reloadable);
    v("keys_max", keys_max, "Users that are told apart at a time.", in(16, 10'000'000));
    v("tenant_requests_per_second", tenant_requests_per_second,
      "Steady rate of all users of one tenant together; 0: no limit.", in(0, 1'000'000),
      reloadable);
    v("tenant_burst", tenant_burst, "Requests of one tenant that may come at once.",
      in(1, 10'000'000), reloadable);
  }
};

/// Section `streams`.
struct StreamsConfig {
  int user_max = 10'000;
  int tenant_max = 50'000;
  template <class V>
  void fields(V& v) {
    v("user_max", user_max,
      "Readers of one user at a time: WebSockets, SSE streams and waiting long-polls together.",
      in(1, 1'000'000));
    v("tenant_max", tenant_max, "Readers of one tenant at a time.", in(1, 1'000'000));
  }
};

}  // namespace loquat::security

namespace loquat {
LOQUAT_ENUM(security::AuthMode, 2,
            {{{security::AuthMode::none, "none"}, {security::AuthMode::jwt, "jwt"}}});
LOQUAT_ENUM(security::JwtAlgorithm, 3,
            {{{security::JwtAlgorithm::HS256, "HS256"},
              {security::JwtAlgorithm::RS256, "RS256"},
              {security::JwtAlgorithm::ES256, "ES256"}}});
}  // namespace loquat
