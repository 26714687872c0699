#pragma once
#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "jwt_verifier.hpp"

namespace loquat::security {

/// What tokens that were verified say, so that a signature is checked once and not at each request.
/// Known by their hash: no token is kept. Bounded; the longest unused goes first. An entry is good
/// from its verification until the token's end; whoever changes the keys clears all. Loop thread.
class VerifiedTokens {
 public:
  /// Null: verify it. Holds until the next call of anything else.
  [[nodiscard]] const Claims* find(std::string_view token, WallTime now);
  void put(std::string_view token, Claims claims, WallTime now);
  void clear() noexcept;

 private:
  static constexpr std::size_t kTokensMax = 4'096;
  struct Entry {
    std::string hash;
    Claims claims;
    WallTime verified_at;
  };
  std::list<Entry> entries_;  // newest use first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_hash_;
};

}  // namespace loquat::security
