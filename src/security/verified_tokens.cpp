#include "verified_tokens.hpp"

#include "loquat/security/audit_chain.hpp"

namespace loquat::security {

const Claims* VerifiedTokens::find(std::string_view token, WallTime now) {
  const auto known = by_hash_.find(sha256_hex(token));
  if (known == by_hash_.end()) return nullptr;
  const auto entry = known->second;
  // A clock that was set back might make a token be from the future again.
  const bool is_good = now < entry->claims.expires_at && now >= entry->verified_at;
  if (!is_good) {
    by_hash_.erase(known);
    entries_.erase(entry);
    return nullptr;
  }
  entries_.splice(entries_.begin(), entries_, entry);
  return &entry->claims;
}

void VerifiedTokens::put(std::string_view token, Claims claims, WallTime now) {
  std::string hash = sha256_hex(token);
  if (by_hash_.contains(hash)) return;
  if (entries_.size() >= kTokensMax) {
    by_hash_.erase(entries_.back().hash);
    entries_.pop_back();
  }
  entries_.push_front({std::move(hash), std::move(claims), now});
  by_hash_.emplace(entries_.front().hash, entries_.begin());
}

void VerifiedTokens::clear() noexcept {
  by_hash_.clear();
  entries_.clear();
}

}  // namespace loquat::security
