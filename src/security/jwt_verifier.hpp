#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "loquat/base/clock.hpp"
#include "loquat/base/result.hpp"
#include "loquat/security/config.hpp"

namespace loquat::security {

struct Claims {
  std::string tenant, subject;
  std::vector<std::string> roles;
  bool has_roles = false;
  WallTime expires_at{};
};

/// Checks a compact JWS (RFC 7515, 7519) against one key and one algorithm. The signature is
/// libjwt's work; the algorithm is pinned before it sees the token, so the token's own header
/// chooses nothing.
class JwtVerifier {
 public:
  /// Errors: invalid_request naming the setting: a key that does not fit the algorithm.
  [[nodiscard]] static Result<JwtVerifier> make(const JwtConfig& config, Secret key,
                                                const WallClock& wall);
  /// Errors: unauthorized, with the reason.
  [[nodiscard]] Result<Claims> verify(std::string_view token) const;

 private:
  JwtVerifier(JwtConfig config, Secret key, const WallClock& wall)
      : config_(std::move(config)), key_(std::move(key)), wall_(&wall) {}
  JwtConfig config_;
  Secret key_;
  const WallClock* wall_;
};

}  // namespace loquat::security
