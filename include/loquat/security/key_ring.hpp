#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "loquat/base/clock.hpp"
#include "loquat/base/result.hpp"
#include "loquat/base/secret.hpp"
#include "loquat/security/config.hpp"

namespace loquat::security {

/// One key that tokens may be signed with.
struct VerifyKey {
  std::string kid;
  JwtAlgorithm algorithm = JwtAlgorithm::RS256;
  Secret material;  ///< PEM of a public key, or the shared secret of HS256
};

/// Public keys of a JWK Set (RFC 7517) that may sign tokens: RSA of 2048 bits or more (RS256), EC
/// on P-256 (ES256). Others are left out, symmetric ones above all: what is published is no secret.
/// Errors: corrupt, if it is no key set or holds no key of use; at most 64 keys are read.
[[nodiscard]] Result<std::vector<VerifyKey>> parse_jwks(std::string_view json);

/// When to fetch a key set, and how long its keys are believed. Pure.
///
/// While the issuer is away the keys of the last good answer stand for `keep`; a key that a good
/// answer no longer lists is dropped at once. A token that names an unknown key asks for one fetch
/// per `cooldown`, whoever sends it, so that made-up names cost the issuer nothing.
class KeySchedule {
 public:
  struct Limits {
    Clock::duration refresh{}, keep{}, cooldown{};
  };
  explicit KeySchedule(Limits limits) : limits_(limits) {}
  [[nodiscard]] bool may_fetch_for_unknown(Time now) const noexcept;
  void began(Time now) noexcept;
  void succeeded(Time now) noexcept;
  void failed(Time now) noexcept;
  /// When to ask again by ourselves: after `refresh`, sooner and sooner spaced after failures.
  [[nodiscard]] Time next_fetch() const noexcept { return next_; }
  /// False before the first good answer, and once the last one is older than `keep`.
  [[nodiscard]] bool is_believed(Time now) const noexcept;

 private:
  Limits limits_;
  std::optional<Time> good_at_, asked_at_;
  Time next_{};
  int failures_ = 0;
  bool is_running_ = false;
};

/// The keys in force. Loop thread only.
class KeyRing {
 public:
  /// One key for every token, whatever `kid` it names.
  static KeyRing fixed(VerifyKey key);
  KeyRing() = default;
  void replace(std::vector<VerifyKey> keys) { keys_ = std::move(keys); }
  void clear() noexcept { keys_.clear(); }
  /// The key that a token of this header must be signed with. Without a `kid` the only one of that
  /// algorithm. Null: none. The name is compared, never used to look anything up elsewhere.
  [[nodiscard]] const VerifyKey* find(std::string_view kid, JwtAlgorithm algorithm) const noexcept;
  [[nodiscard]] std::size_t size() const noexcept { return keys_.size(); }

 private:
  std::vector<VerifyKey> keys_;
  bool is_fixed_ = false;
};

}  // namespace loquat::security
