#include "loquat/security/auditor.hpp"

namespace loquat::security {

Auditor::Auditor(Sources sources, std::string instance, contracts::EventPublisher& publisher,
                 contracts::AuditChainStore* store)
    : sources_(sources),
      publisher_(publisher),
      store_(store),
      instance_(std::move(instance)),
      chains_(instance_) {}

/// Each start is a life with chains of its own: writer `<instance>~<life>`. What an earlier life
/// published after its last saved link can so never be contradicted by a second record of the same
/// place. A chain's first record names the last saved link of the life before. The life's number is
/// kept as the link of no tenant, before the first record.
contracts::Task<Result<void>> Auditor::load() {
  if (store_ == nullptr) co_return Result<void>();
  auto links = co_await store_->load(instance_);
  contracts::AuditChainStore::Link life;
  life.writer = instance_;
  Result<void> saved = fail(Errc::unavailable, "The store is away.");
  if (links) {
    for (const auto& link : *links)
      if (link.tenant_id.empty()) life.seq = link.seq;
    ++life.seq;
    std::vector<contracts::AuditChainStore::Link> one{life};
    saved = co_await store_->save(std::move(one));
  }
  const std::string name =
      instance_ + "~" + (saved ? std::to_string(life.seq) : make_hex(4, sources_.random));
  chains_ = AuditChains(name);
  if (!links) co_return links.error();
  std::erase_if(*links, [](const auto& link) { return link.tenant_id.empty(); });
  for (auto& link : *links) link.writer = name;
  chains_.restore(*links);
  co_return saved;
}

wire::AuditEvent Auditor::make_event(Access access) {
  wire::AuditEvent event;
  event.event_id = make_id(wire::AuditEvent::kPrefix, sources_);
  event.event_type = wire::AuditEvent::kType;
  event.timestamp = sources_.wall.now();
  event.tenant_id = std::move(access.principal.tenant_id);
  if (!access.principal.user_id.empty()) event.user_id = access.principal.user_id;
  if (!access.context.trace_id.empty()) event.trace_id = std::move(access.context.trace_id);
  if (access.resource_type == "session" && !access.resource_id.empty())
    event.session_id = access.resource_id;
  event.action = std::move(access.action);
  event.actor.user_id = std::move(access.principal.user_id);
  event.actor.roles = std::move(access.principal.roles);
  event.actor.auth_method = std::move(access.principal.auth_method);
  event.actor.ip = std::move(access.principal.ip);
  event.resource.type = std::move(access.resource_type);
  event.resource.id = std::move(access.resource_id);
  event.outcome = access.outcome;
  if (!access.reason.empty()) event.reason = std::move(access.reason);
  event.request_id = std::move(access.context.request_id);
  event.details.text = std::move(access.details);
  return event;
}

contracts::Task<Result<void>> Auditor::publish(wire::AuditEvent event) {
  // Place in the chain and place in the publisher's buffer are taken without a pause between them,
  // so records of one tenant leave in the order of their chain.
  chains_.append(event);
  wire::AuditEvent place;  // all that taking it back needs
  place.tenant_id = event.tenant_id;
  place.chain = event.chain;
  wire::Event record = std::move(event);
  const auto receipt = co_await publisher_.publish(std::move(record));
  if (!receipt) {
    chains_.withdraw(place);
    co_return fail(Errc::buffer_full, "the audit trail has no room; nothing was done");
  }
  co_return Result<void>();
}

contracts::Task<Result<void>> Auditor::record(Access access) {
  co_return co_await publish(make_event(std::move(access)));
}

contracts::Task<void> Auditor::save_links() {
  // One save at a time; whoever finds one running leaves his link to it.
  if (store_ == nullptr || is_saving_) co_return;
  is_saving_ = true;
  while (chains_.has_changed()) {
    auto links = chains_.take_changed();
    for (auto& link : links) link.writer = instance_;
    const auto saved = co_await store_->save(std::move(links));
    if (!saved) break;  // the chain goes on in memory; the next record tries again
  }
  is_saving_ = false;
}

void Auditor::count_unauthenticated(std::string reason) { ++denied_[std::move(reason)]; }

contracts::Task<void> Auditor::flush_counts() {
  auto counts = std::exchange(denied_, {});
  for (const auto& [reason, count] : counts) {
    Access access;
    access.principal.tenant_id = "_unauthenticated";
    access.action = "access.denied";
    access.resource_type = "service";
    access.outcome = wire::AuditOutcome::denied;
    access.reason = reason;
    access.details = "{\"count\":" + std::to_string(count) + "}";
    const auto kept = co_await record(std::move(access));
    if (!kept) denied_[reason] += count;
  }
  co_await save_links();  // once a minute and at the end: the next life goes on from here
}

}  // namespace loquat::security
