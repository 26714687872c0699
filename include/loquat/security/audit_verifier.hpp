#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "loquat/base/result.hpp"

namespace loquat::security {

/// What is wrong with a chain, and where.
struct AuditFinding {
  std::string tenant_id, writer;
  std::int64_t seq = 0;
  std::string problem;  ///< removed, changed, reordered, forked, or not_an_audit_record
  std::string detail;
};

/// Reads audit records in the order of their topic and says what was removed, changed or put
/// elsewhere. One chain per (tenant, writer). Copies of a record are counted, not blamed. A chain
/// may begin anywhere: retention takes its oldest records away; and may end anywhere. Records that
/// the writer itself declared lost (`details.records_not_kept`) are no gap. The hash is taken from
/// the text as it stands, so that a member that nobody knows counts as a change too. Pure.
class AuditVerifier {
 public:
  /// `where`: how a finding names a record that cannot be read, e.g. `line 7`.
  void take(std::string_view json, const std::string& where);
  struct Summary {
    std::uint64_t records = 0, copies = 0, chains = 0, declared_lost = 0;
    std::vector<AuditFinding> findings;
  };
  /// What was removed is known only at the end: a record that comes late is reordered instead.
  [[nodiscard]] Summary finish();

 private:
  struct Record {
    std::string hash, prev;
  };
  struct Chain {
    std::int64_t first = 0, last = 0;
    std::map<std::int64_t, Record> records;  // by seq; hashes only
    std::set<std::int64_t> declared_lost;
  };
  using Key = std::pair<std::string, std::string>;
  void judge(const Key& key, const Chain& chain);
  void blame(const Key& key, std::int64_t seq, std::string problem, std::string detail);
  std::map<Key, Chain> chains_;
  Summary summary_;
};

}  // namespace loquat::security
