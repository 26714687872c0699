#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "loquat/base/result.hpp"
#include "loquat/contracts/stores.hpp"
#include "loquat/wire/events.hpp"

namespace loquat::security {

/// JSON in the one form that RFC 8785 allows: members sorted by UTF-16 code units, numbers and
/// strings in their shortest form, no blanks. Errors: what wire::parse_json says.
[[nodiscard]] Result<std::string> canonical_json(std::string_view json);
/// Lower-case hex.
[[nodiscard]] std::string sha256_hex(std::string_view bytes);
/// The hash that `event` should carry: its canonical JSON without `chain.hash`.
[[nodiscard]] std::string audit_hash(const wire::AuditEvent& event);

/// One chain per tenant of this writer. Pure.
class AuditChains {
 public:
  explicit AuditChains(std::string writer) : writer_(std::move(writer)) {}
  void restore(const std::vector<contracts::AuditChainStore::Link>& links);
  /// Gives the event its place and hash.
  void append(wire::AuditEvent& event);
  /// Takes the place back, if no later event of its tenant has been appended. Otherwise the next
  /// event of the tenant names the lost place in its details.
  void withdraw(const wire::AuditEvent& event);
  /// Links that changed since the last call.
  [[nodiscard]] std::vector<contracts::AuditChainStore::Link> take_changed();
  [[nodiscard]] bool has_changed() const noexcept;
  /// A place was taken back that no record has named as lost yet.
  [[nodiscard]] bool has_lost() const noexcept;

 private:
  struct Chain {
    std::int64_t seq = 0;
    std::string hash;
    std::string previous_hash;
    std::vector<std::int64_t> lost;
    bool is_changed = false;
  };
  std::string writer_;
  std::map<std::string, Chain, std::less<>> chains_;
};

/// What is wrong with a chain of one tenant and writer, in seq order; empty if nothing is.
[[nodiscard]] std::vector<std::string> verify_chain(const std::vector<wire::AuditEvent>& events);

}  // namespace loquat::security
