#include "loquat/security/auditor.hpp"

namespace loquat::security {

Auditor::Auditor(Sources sources, std::string instance, contracts::EventPublisher& publisher,
                 contracts::AuditChainStore* store)
    : sources_(sources),
      publisher_(publisher),
      store_(store),
      instance_(std::move(instance)),
      chains_(instance_) {}

namespace {
// What the link of no tenant says in place of a hash.
constexpr std::string_view kRunning = "running";
constexpr std::string_view kEnded = "ended";
}  // namespace

/// One chain per tenant and instance, over restarts in good order. A life that did not end so may
/// have published more than its last saved link says: the next one has chains of its own, writer
/// `<instance>~<life>`, whose first records name that link, so that no record of the life before is
/// ever contradicted by a second one of the same place. The life's number is kept as the link of no
/// tenant, before the first record.
contracts::Task<Result<void>> Auditor::load() {
  if (store_ == nullptr) co_return Result<void>();
  auto links = co_await store_->load(instance_);
  Result<void> saved = fail(Errc::unavailable, "The store is away.");
  if (links) {
    life_ = 0;
    for (const auto& link : *links)
      if (link.tenant_id.empty()) life_ = link.seq + (link.hash == kEnded ? 0 : 1);
    saved = co_await save_life(std::string(kRunning));
  }
  if (!saved) life_.reset();
  std::string name = instance_;
  if (!life_)
    name += "~" + make_hex(4, sources_.random);
  else if (*life_ > 0)
    name += "~" + std::to_string(*life_);
  chains_ = AuditChains(name);
  if (!links) co_return links.error();
  std::erase_if(*links, [](const auto& link) { return link.tenant_id.empty(); });
  for (auto& link : *links) link.writer = name;
  chains_.restore(*links);
  co_return saved;
}

contracts::Task<Result<void>> Auditor::save_life(std::string state) {
  contracts::AuditChainStore::Link life;
  life.writer = instance_;
  life.seq = *life_;
  life.hash = std::move(state);
  std::vector<contracts::AuditChainStore::Link> one{std::move(life)};
  co_return co_await store_->save(std::move(one));
}

contracts::Task<void> Auditor::close() {
  co_await flush_counts();
  is_closed_ = true;
  co_await save_links();
  const bool is_in_order = life_ && under_way_ == 0 && !chains_.has_changed() && !has_unsaved_ &&
                           !is_saving_ && !chains_.has_lost();
  if (!is_in_order) co_return;
  const Result<void> saved = co_await save_life(std::string(kEnded));
  static_cast<void>(saved);  // if not, the next life has chains of its own
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
  struct Count {
    std::size_t& of;
    explicit Count(std::size_t& number) : of(number) { ++of; }
    Count(const Count&) = delete;
    Count& operator=(const Count&) = delete;
    ~Count() { --of; }
  };
  if (is_closed_) co_return fail(Errc::buffer_full, "the audit trail is closed; nothing was done");
  const Count count(under_way_);
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
    if (!saved) has_unsaved_ = true;  // the chain goes on in memory, and ends with this life
    if (!saved) break;
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
