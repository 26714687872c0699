#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "loquat/base/clock.hpp"
#include "loquat/base/result.hpp"
#include "loquat/contracts/ports.hpp"
#include "loquat/contracts/principal.hpp"
#include "loquat/security/config.hpp"

namespace loquat::security {

/// What a caller shows. Views must live through the call.
struct Credentials {
  std::string_view authorization;  ///< the header, as it came
  std::string_view bare_token;     ///< from the subprotocol or the query
  std::string_view tenant_header, user_header;
  std::string_view ip;
};

/// What fetching a key set needs.
struct KeyPorts {
  boost::asio::any_io_executor executor;
  /// The body of a GET, bounded in time and size. Errors as net::Client's.
  std::function<contracts::Task<Result<std::string>>(std::string url)> fetch{};
  /// Told after each attempt; `error` is empty when the keys are fresh.
  std::function<void(bool are_believed, std::string error)> on_state{};
};

/// Proves who calls. Loop thread only.
class Authenticator {
 public:
  /// Reads the key. Errors: invalid_request naming the key and what is allowed (no key, HS256
  /// secret under 32 bytes, no RSA key of 2048 bits or more, `none` on an address that is not
  /// loopback).
  [[nodiscard]] static Result<std::unique_ptr<Authenticator>> make(const AuthConfig& config,
                                                                   std::string_view http_host,
                                                                   const WallClock& wall,
                                                                   KeyPorts ports = {});
  virtual ~Authenticator() = default;
  /// Errors: unauthorized (no token, or it is malformed, of another algorithm or key, expired, not
  /// yet valid, of another issuer or audience, without tenant or subject); forbidden (a header
  /// names another tenant or user than the token). The detail names the reason, never the token.
  [[nodiscard]] virtual Result<contracts::Principal> authenticate(
      const Credentials& credentials) const = 0;
  /// Puts the policies in force (row filters) on a principal that was proven otherwise, by an API
  /// key; authenticate() has done it for its own.
  virtual void apply_policies(contracts::Principal&) const {}
  [[nodiscard]] virtual AuthMode mode() const noexcept = 0;
  /// Before `authenticate`: waits for fresh keys if the token names one that is not known and the
  /// issuer may be asked now. Usually returns at once.
  [[nodiscard]] virtual contracts::Task<void> learn_keys(std::string token);
  /// Keeps the keys fresh until cancelled; returns at once where there is nothing to fetch.
  [[nodiscard]] virtual contracts::Task<void> keep_keys();
};

/// The token of an Authorization header of the scheme Bearer; empty if it is none.
[[nodiscard]] std::string_view bearer_of(std::string_view authorization) noexcept;

/// True for 127.0.0.0/8, ::1 and `localhost`.
[[nodiscard]] bool is_loopback(std::string_view host) noexcept;

}  // namespace loquat::security
