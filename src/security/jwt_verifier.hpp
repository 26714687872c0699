#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "loquat/base/clock.hpp"
#include "loquat/base/result.hpp"
#include "loquat/security/config.hpp"
#include "loquat/security/key_ring.hpp"

namespace loquat::security {

struct Claims {
  std::string tenant, subject;
  std::vector<std::string> roles;
  std::map<std::string, std::vector<std::string>> kept;  ///< of JwtConfig::kept_claims
  bool has_roles = false;
  WallTime expires_at{};
};

/// Checks a compact JWS (RFC 7515, 7519) with the configured algorithm and the keys of a ring. The
/// signature is libjwt's work; the algorithm is pinned before it sees the token, so the token's own
/// header chooses nothing but the name of a key.
class JwtVerifier {
 public:
  JwtVerifier(JwtConfig config, const WallClock& wall) : config_(std::move(config)), wall_(&wall) {}
  /// Errors: unauthorized, with the reason.
  [[nodiscard]] Result<Claims> verify(std::string_view token, const KeyRing& ring) const;

 private:
  JwtConfig config_;
  const WallClock* wall_;
};

/// The one key of a configuration. Errors: invalid_request: it does not fit the algorithm.
[[nodiscard]] Result<VerifyKey> fixed_key(JwtAlgorithm algorithm, std::string material);
/// The `kid` that a token names, empty if it names none; nothing if its header cannot be read.
[[nodiscard]] std::optional<std::string> key_name(std::string_view token);

}  // namespace loquat::security
