#include "loquat/security/audit_chain.hpp"

#include <algorithm>

#include "canonical_audit.hpp"
#include "canonical_json.hpp"
#include "loquat/base/check.hpp"
#include "loquat/wire/codec.hpp"

namespace loquat::security {

std::string audit_hash(const wire::AuditEvent& event) {
  if (const auto canonical = canonical_audit(event)) return sha256_hex(*canonical);
  auto node = wire::parse_json(wire::encode(event));
  LOQUAT_CHECK(node.has_value());
  for (auto& [key, value] : node->members)
    if (key == "chain") std::erase_if(value.members, [](const auto& m) { return m.key == "hash"; });
  return sha256_hex(canonical_json(*node));
}

void AuditChains::restore(const std::vector<contracts::AuditChainStore::Link>& links) {
  for (const auto& link : links) {
    if (link.writer != writer_) continue;
    auto& chain = chains_[link.tenant_id];
    chain.seq = link.seq;
    chain.hash = link.hash;
  }
}

void AuditChains::append(wire::AuditEvent& event) {
  auto& chain = chains_[event.tenant_id];
  if (event.details.text.empty()) event.details.text = "{}";
  if (!chain.lost.empty()) {
    std::string places;
    for (const auto seq : chain.lost) places += (places.empty() ? "" : ",") + std::to_string(seq);
    auto& details = event.details.text;
    details.pop_back();
    details += (details.size() > 1 ? "," : "") + ("\"records_not_kept\":[" + places + "]}");
    chain.lost.clear();
  }
  event.chain.writer = writer_;
  event.chain.seq = chain.seq + 1;
  event.chain.prev = chain.hash;
  event.chain.hash.clear();
  event.chain.hash = audit_hash(event);
  chain.seq = event.chain.seq;
  chain.hash = event.chain.hash;
  chain.is_changed = true;
}

void AuditChains::withdraw(const wire::AuditEvent& event) {
  auto& chain = chains_[event.tenant_id];
  if (chain.seq == event.chain.seq && chain.hash == event.chain.hash) {
    chain.seq = event.chain.seq - 1;
    chain.hash = event.chain.prev;
    chain.is_changed = true;
  } else {
    chain.lost.push_back(event.chain.seq);
  }
}

bool AuditChains::has_changed() const noexcept {
  return std::ranges::any_of(chains_, [](const auto& item) { return item.second.is_changed; });
}

bool AuditChains::has_lost() const noexcept {
  return std::ranges::any_of(chains_, [](const auto& item) { return !item.second.lost.empty(); });
}

std::vector<contracts::AuditChainStore::Link> AuditChains::take_changed() {
  std::vector<contracts::AuditChainStore::Link> links;
  for (auto& [tenant, chain] : chains_) {
    if (!chain.is_changed) continue;
    chain.is_changed = false;
    contracts::AuditChainStore::Link link;
    link.tenant_id = tenant;
    link.writer = writer_;
    link.seq = chain.seq;
    link.hash = chain.hash;
    links.push_back(std::move(link));
  }
  return links;
}

std::vector<std::string> verify_chain(const std::vector<wire::AuditEvent>& events) {
  std::vector<std::string> wrong;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto& event = events[i];
    const auto place = "record " + std::to_string(event.chain.seq);
    if (audit_hash(event) != event.chain.hash) wrong.push_back(place + " was changed");
    if (i == 0) continue;
    const auto& before = events[i - 1].chain;
    if (event.chain.seq != before.seq + 1)
      wrong.push_back(place + " does not follow record " + std::to_string(before.seq));
    else if (event.chain.prev != before.hash)
      wrong.push_back(place + " does not name the hash of the record before it");
  }
  return wrong;
}

}  // namespace loquat::security
