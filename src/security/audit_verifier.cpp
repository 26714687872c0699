#include "loquat/security/audit_verifier.hpp"

#include <optional>

#include "canonical_json.hpp"
#include "loquat/security/audit_chain.hpp"
#include "loquat/wire/json.hpp"

namespace loquat::security {
namespace {

using wire::JsonNode;

struct Seen {
  std::string tenant_id, writer, hash, prev, true_hash;
  std::int64_t seq = 0;
  std::vector<std::int64_t> declared_lost;
};

std::string text_of(const JsonNode& node, std::string_view key) {
  const auto* member = node.find(key);
  return member != nullptr && member->kind == JsonNode::Kind::string ? member->string
                                                                     : std::string();
}

std::string true_hash_of(JsonNode& event) {
  for (auto& [key, value] : event.members)
    if (key == "chain") std::erase_if(value.members, [](const auto& m) { return m.key == "hash"; });
  return sha256_hex(canonical_json(event));
}

std::optional<Seen> read(std::string_view json) {
  constexpr std::size_t kBytesMax = 8U << 20U;
  auto event = wire::parse_json(json, {.bytes_max = kBytesMax});
  if (!event) return std::nullopt;
  const auto* chain = event->find("chain");
  const auto* seq = chain == nullptr ? nullptr : chain->find("seq");
  if (seq == nullptr || seq->kind != JsonNode::Kind::integer) return std::nullopt;
  Seen seen;
  seen.tenant_id = text_of(*event, "tenant_id");
  seen.writer = text_of(*chain, "writer");
  seen.seq = seq->integer;
  seen.hash = text_of(*chain, "hash");
  seen.prev = text_of(*chain, "prev");
  const auto* details = event->find("details");
  const auto* lost = details == nullptr ? nullptr : details->find("records_not_kept");
  if (lost != nullptr)
    for (const auto& item : lost->items) seen.declared_lost.push_back(item.integer);
  if (seen.writer.empty() || seen.hash.empty()) return std::nullopt;
  seen.true_hash = true_hash_of(*event);
  return seen;
}

}  // namespace

void AuditVerifier::blame(const Key& key, std::int64_t seq, std::string problem,
                          std::string detail) {
  summary_.findings.push_back({key.first, key.second, seq, std::move(problem), std::move(detail)});
}

void AuditVerifier::take(std::string_view json, const std::string& where) {
  ++summary_.records;
  auto seen = read(json);
  if (!seen) return blame({}, 0, "not_an_audit_record", where);
  const Key key{seen->tenant_id, seen->writer};
  const bool is_true = seen->hash == seen->true_hash;
  if (!is_true) blame(key, seen->seq, "changed", where + " does not have the hash it names");
  Chain& chain = chains_[key];
  if (is_true) chain.declared_lost.insert(seen->declared_lost.begin(), seen->declared_lost.end());
  if (chain.records.empty()) {
    chain.first = chain.last = seen->seq;
  } else if (const auto known = chain.records.find(seen->seq); known != chain.records.end()) {
    if (known->second.hash == seen->hash)
      ++summary_.copies;
    else if (is_true)
      blame(key, seen->seq, "forked", where + " takes a place that another record has");
    return;
  } else if (seen->seq < chain.last) {
    blame(key, seen->seq, "reordered",
          where + " stands after record " + std::to_string(chain.last));
    chain.first = std::min(chain.first, seen->seq);
  }
  chain.last = std::max(chain.last, seen->seq);
  chain.records.emplace(seen->seq, Record{std::move(seen->hash), std::move(seen->prev)});
}

void AuditVerifier::judge(const Key& key, const Chain& chain) {
  const auto* before = &*chain.records.begin();
  for (auto it = std::next(chain.records.begin()); it != chain.records.end(); ++it) {
    bool is_whole = true;
    for (std::int64_t seq = before->first + 1; seq < it->first; ++seq) {
      is_whole = false;
      constexpr std::int64_t kNamedMax = 100;  // a long gap is one finding a record up to here
      if (seq > before->first + kNamedMax) break;
      if (chain.declared_lost.contains(seq))
        ++summary_.declared_lost;
      else
        blame(key, seq, "removed",
              "records " + std::to_string(before->first) + " and " + std::to_string(it->first) +
                  " are there, this one is not");
    }
    if (is_whole && it->second.prev != before->second.hash)
      blame(key, it->first, "changed", "it does not name the hash of the record before it");
    before = &*it;
  }
}

AuditVerifier::Summary AuditVerifier::finish() {
  for (const auto& [key, chain] : chains_) judge(key, chain);
  summary_.chains = chains_.size();
  return std::move(summary_);
}

}  // namespace loquat::security
