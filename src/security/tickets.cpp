#include "loquat/security/tickets.hpp"

namespace loquat::security {

void Tickets::drop_expired(Time now) {
  while (!order_.empty() && order_.front().first <= now) {
    items_.erase(order_.front().second);
    order_.pop_front();
  }
}

Result<std::string> Tickets::issue(contracts::Principal principal, Time now, std::string bound_to) {
  drop_expired(now);
  // Used ones leave the order at their time, so it bounds both.
  if (order_.size() >= max_) return fail(Errc::overloaded, "too many tickets are waiting");
  auto ticket = make_hex(32, sources_.random);
  items_.emplace(ticket, Item{std::move(principal), now + ttl_, std::move(bound_to)});
  order_.emplace_back(now + ttl_, ticket);
  return ticket;
}

std::optional<contracts::Principal> Tickets::redeem(std::string_view ticket, Time now) {
  auto principal = peek(ticket, now);
  if (principal) items_.erase(std::string(ticket));
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
