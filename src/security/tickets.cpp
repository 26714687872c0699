#include "loquat/security/tickets.hpp"

#include <algorithm>

namespace loquat::security {

namespace {
constexpr std::size_t kUserShare = 20;

std::string holder_of(const contracts::Principal& principal) {
  return principal.tenant_id + '\x1f' + principal.user_id;
}
}  // namespace

void Tickets::drop_expired(Time now) {
  while (!order_.empty() && order_.front().first <= now) {
    const auto item = items_.find(order_.front().second);
    if (item != items_.end()) forget(item);
    order_.pop_front();
  }
}

void Tickets::forget(Items::iterator item) {
  const auto& principal = item->second.principal;
  const auto tenant = by_tenant_.find(principal.tenant_id);
  if (tenant != by_tenant_.end() && --tenant->second == 0) by_tenant_.erase(tenant);
  const auto user = by_user_.find(holder_of(principal));
  if (user != by_user_.end()) {
    std::erase(user->second, item->first);
    if (user->second.empty()) by_user_.erase(user);
  }
  items_.erase(item);
}

void Tickets::make_room_of(const std::string& holder) {
  const auto user = by_user_.find(holder);
  if (user == by_user_.end() || user->second.size() < std::max<std::size_t>(max_ / kUserShare, 1))
    return;
  forget(items_.find(user->second.front()));
}

Result<std::string> Tickets::issue(contracts::Principal principal, Time now, std::string bound_to) {
  drop_expired(now);
  const std::string holder = holder_of(principal);
  make_room_of(holder);
  const auto tenant = by_tenant_.find(principal.tenant_id);
  const std::size_t of_tenant = tenant == by_tenant_.end() ? 0 : tenant->second;
  if (items_.size() >= max_ || of_tenant >= max_ - max_ / 10)
    return fail(Errc::overloaded, "too many tickets are waiting");
  auto ticket = make_hex(32, sources_.random);
  ++by_tenant_[principal.tenant_id];
  by_user_[holder].push_back(ticket);
  items_.emplace(ticket, Item{std::move(principal), std::move(bound_to)});
  // Those that were used, or made room, would else stay here until their time.
  if (order_.size() >= 2 * max_)
    std::erase_if(order_, [this](const auto& one) { return !items_.contains(one.second); });
  order_.emplace_back(now + ttl_, ticket);
  return ticket;
}

std::optional<contracts::Principal> Tickets::redeem(std::string_view ticket, Time now) {
  auto principal = peek(ticket, now);
  if (principal) forget(items_.find(std::string(ticket)));
  return principal;
}

std::optional<contracts::Principal> Tickets::peek(std::string_view ticket, Time now,
                                                  std::string_view path) {
  drop_expired(now);
  const auto found = items_.find(std::string(ticket));
  if (found == items_.end() || found->second.bound_to != path) return std::nullopt;
  const auto& until = found->second.principal.expires_at;
  if (until && *until <= sources_.wall.now()) return std::nullopt;
  return found->second.principal;
}

}  // namespace loquat::security
