#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "loquat/base/sources.hpp"
#include "loquat/contracts/principal.hpp"
#include "loquat/contracts/stores.hpp"

namespace loquat::security {

/// True for what looks like one of our API keys, good or not: `lq_…`.
[[nodiscard]] bool looks_like_api_key(std::string_view token) noexcept;

/// API keys for machines: `lq_<prefix>_<secret>`, 256 random bits, shown once. At rest there is a
/// SHA-256 of the key, found by its prefix; so many bits need no slow hash. Keys are kept in memory
/// too, so that a call waits for nothing and an outage of the store locks no machine out. Loop
/// thread only.
class ApiKeys {
 public:
  /// Most keys of one tenant.
  static constexpr std::size_t kPerTenantMax = 1000;

  ApiKeys(Sources sources, contracts::ApiKeyStore& store) : sources_(sources), store_(store) {}
  /// Takes up what is stored. Errors: of the store.
  [[nodiscard]] contracts::Task<Result<void>> load();

  struct Order {
    std::string name, role;
    std::optional<WallTime> expires_at;
  };
  struct Issued {
    std::string key;  ///< for the answer alone
    contracts::ApiKeyRecord record;
  };
  /// A key of the caller's tenant. It stands once it is stored. Errors: of the store; conflict: the
  /// tenant has as many as it may.
  [[nodiscard]] contracts::Task<Result<Issued>> issue(contracts::Principal by, Order order);
  /// In order of their making.
  [[nodiscard]] std::vector<contracts::ApiKeyRecord> list(std::string_view tenant_id) const;
  /// From now on the key opens nothing. Errors: not_found, also for another tenant's; of the store:
  /// the key stands again after a restart, so say so.
  [[nodiscard]] contracts::Task<Result<void>> revoke(std::string tenant_id, std::string key_id);

  /// Who calls with `key`: the key's tenant, its id as user, its one role. Errors: unauthorized:
  /// unknown, revoked or expired.
  [[nodiscard]] Result<contracts::Principal> authenticate(std::string_view key,
                                                          std::string_view ip);
  /// False once the key behind a principal was revoked; true for every other principal.
  [[nodiscard]] bool still_stands(const contracts::Principal& principal) const noexcept;
  /// Stores when keys were used since the last call; once a minute and at the end.
  [[nodiscard]] contracts::Task<void> flush_uses();

 private:
  Sources sources_;
  contracts::ApiKeyStore& store_;
  std::map<std::string, contracts::ApiKeyRecord, std::less<>> by_prefix_;
  std::map<std::string, std::string, std::less<>> prefix_of_;  ///< by key id
  std::set<std::string> used_;                                 ///< prefixes not yet written
};

}  // namespace loquat::security
