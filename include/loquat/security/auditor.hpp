#pragma once
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "loquat/base/sources.hpp"
#include "loquat/contracts/ports.hpp"
#include "loquat/contracts/stores.hpp"
#include "loquat/security/audit_chain.hpp"

namespace loquat::security {

/// One access, allowed or denied. `details` holds no secret and no user text.
struct Access {
  contracts::Principal principal;
  contracts::RequestContext context;
  std::string action;  ///< e.g. `session.create`
  std::string resource_type, resource_id;
  wire::AuditOutcome outcome = wire::AuditOutcome::allowed;
  std::string reason;
  std::string details;  ///< a JSON object; empty: {}
};

/// Writes the audit trail. Loop thread only.
class Auditor {
 public:
  /// `store` may be null: then chains start anew with each process.
  Auditor(Sources sources, std::string instance, contracts::EventPublisher& publisher,
          contracts::AuditChainStore* store);
  /// Takes the chains of this instance up again. Errors: of the store.
  [[nodiscard]] contracts::Task<Result<void>> load();
  /// Returns when the record is kept. Errors: buffer_full: refuse the access.
  [[nodiscard]] contracts::Task<Result<void>> record(Access access);
  /// Counts a denial whose caller is not proven. Never waits.
  void count_unauthenticated(std::string reason);
  /// Publishes the counts of the last minute under `_unauthenticated`; called once a minute.
  [[nodiscard]] contracts::Task<void> flush_counts();
  /// The end, in good order: the chains can be taken up where they are. Nothing is recorded after
  /// it.
  [[nodiscard]] contracts::Task<void> close();

 private:
  wire::AuditEvent make_event(Access access);
  contracts::Task<Result<void>> publish(wire::AuditEvent event);
  contracts::Task<void> save_links();
  contracts::Task<Result<void>> save_life(std::string state);
  Sources sources_;
  contracts::EventPublisher& publisher_;
  contracts::AuditChainStore* store_;
  std::string instance_;
  AuditChains chains_;
  std::map<std::string, std::int64_t> denied_;
  std::optional<std::int64_t> life_;  // nothing: not known to the store
  std::size_t under_way_ = 0;
  bool is_saving_ = false, has_unsaved_ = false, is_closed_ = false;
};

}  // namespace loquat::security
