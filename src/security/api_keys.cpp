#include "loquat/security/api_keys.hpp"

#include <openssl/crypto.h>

#include <algorithm>

#include "loquat/security/audit_chain.hpp"

namespace loquat::security {
namespace {

constexpr std::string_view kMark = "lq_";
constexpr std::size_t kPrefixBytes = 8, kSecretBytes = 32;
constexpr std::size_t kPrefixLength = kMark.size() + 2 * kPrefixBytes;
constexpr std::size_t kKeyLength = kPrefixLength + 1 + 2 * kSecretBytes;

Error unknown() { return fail(Errc::unauthorized, "the API key is not known"); }

}  // namespace

bool looks_like_api_key(std::string_view token) noexcept { return token.starts_with(kMark); }

contracts::Task<Result<void>> ApiKeys::load() {
  auto records = co_await store_.load();
  if (!records) co_return records.error();
  for (auto& record : *records) {
    prefix_of_[record.key_id] = record.prefix;
    auto prefix = record.prefix;
    by_prefix_[std::move(prefix)] = std::move(record);
  }
  co_return Result<void>();
}

contracts::Task<Result<ApiKeys::Issued>> ApiKeys::issue(contracts::Principal by, Order order) {
  const auto count = std::ranges::count_if(
      by_prefix_, [&](const auto& item) { return item.second.tenant_id == by.tenant_id; });
  if (static_cast<std::size_t>(count) >= kPerTenantMax)
    co_return fail(Errc::conflict, "This tenant has as many keys as it may have.");
  Issued issued;
  auto& record = issued.record;
  record.key_id = make_id("ak", sources_);
  record.tenant_id = std::move(by.tenant_id);
  record.created_by = std::move(by.user_id);
  record.name = std::move(order.name);
  record.role = std::move(order.role);
  record.expires_at = order.expires_at;
  record.created_at = sources_.wall.now();
  record.prefix = std::string(kMark) + make_hex(kPrefixBytes, sources_.random);
  issued.key = record.prefix + "_" + make_hex(kSecretBytes, sources_.random);
  record.hash = sha256_hex(issued.key);
  auto copy = record;
  const auto kept = co_await store_.put(std::move(copy));
  if (!kept) co_return kept.error();
  prefix_of_[record.key_id] = record.prefix;
  by_prefix_[record.prefix] = record;
  co_return issued;
}

std::vector<contracts::ApiKeyRecord> ApiKeys::list(std::string_view tenant_id) const {
  std::vector<contracts::ApiKeyRecord> found;
  for (const auto& [prefix, record] : by_prefix_)
    if (record.tenant_id == tenant_id) found.push_back(record);
  std::ranges::sort(found, {}, &contracts::ApiKeyRecord::key_id);
  return found;
}

contracts::Task<Result<void>> ApiKeys::revoke(std::string tenant_id, std::string key_id) {
  const auto place = prefix_of_.find(key_id);
  const auto found = place == prefix_of_.end() ? by_prefix_.end() : by_prefix_.find(place->second);
  if (found == by_prefix_.end() || found->second.tenant_id != tenant_id)
    co_return fail(Errc::not_found, "There is no such key.");
  used_.erase(found->first);
  by_prefix_.erase(found);
  prefix_of_.erase(place);
  co_return co_await store_.remove(std::move(tenant_id), std::move(key_id));
}

Result<contracts::Principal> ApiKeys::authenticate(std::string_view key, std::string_view ip) {
  if (key.size() != kKeyLength || key[kPrefixLength] != '_') return unknown();
  const auto found = by_prefix_.find(key.substr(0, kPrefixLength));
  if (found == by_prefix_.end()) return unknown();
  auto& record = found->second;
  const auto hash = sha256_hex(key);
  if (hash.size() != record.hash.size() ||
      CRYPTO_memcmp(hash.data(), record.hash.data(), hash.size()) != 0)
    return unknown();
  const auto now = sources_.wall.now();
  if (record.expires_at && *record.expires_at <= now)
    return fail(Errc::unauthorized, "the API key has expired");
  record.last_used_at = now;
  used_.insert(record.prefix);
  contracts::Principal principal;
  principal.tenant_id = record.tenant_id;
  principal.user_id = record.key_id;
  principal.roles = {record.role};
  principal.auth_method = "api_key";
  principal.ip = ip;
  principal.expires_at = record.expires_at;
  return principal;
}

bool ApiKeys::still_stands(const contracts::Principal& principal) const noexcept {
  if (!principal.user_id.starts_with("ak-")) return true;
  // A ticket, or the cookie for it, ends with the key that it was issued to.
  const bool is_by_key = principal.auth_method == "api_key" || principal.auth_method == "ticket";
  return !is_by_key || prefix_of_.contains(principal.user_id);
}

contracts::Task<void> ApiKeys::flush_uses() {
  std::vector<std::pair<std::string, WallTime>> uses;
  for (const auto& prefix : std::exchange(used_, {})) {
    const auto found = by_prefix_.find(prefix);
    if (found != by_prefix_.end() && found->second.last_used_at)
      uses.emplace_back(found->second.key_id, *found->second.last_used_at);
  }
  if (uses.empty()) co_return;
  const auto kept = co_await store_.touch(std::move(uses));
  static_cast<void>(kept);  // when a key was last used is a service, not a promise
}

}  // namespace loquat::security
