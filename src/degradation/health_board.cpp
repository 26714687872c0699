#include "loquat/degradation/health_board.hpp"

#include "loquat/base/check.hpp"

namespace loquat::degradation {

void HealthBoard::add(std::string name, std::string behaviour, Health state) {
  IntegrationHealth& added = integrations_[std::move(name)];
  added.state = state;
  added.since = wall_.now();
  added.behaviour = std::move(behaviour);
}

IntegrationHealth& HealthBoard::entry(std::string_view name) {
  const auto found = integrations_.find(name);
  LOQUAT_CHECK(found != integrations_.end());
  return found->second;
}

void HealthBoard::set(std::string_view name, Health state, std::string last_error) {
  IntegrationHealth& now = entry(name);
  if (!last_error.empty()) now.last_error = std::move(last_error);
  if (now.state == state) return;
  now.state = state;
  now.since = wall_.now();
  for (const auto& observer : observers_) observer(name, now);
}

void HealthBoard::set_breaker(std::string_view name, BreakerState breaker) {
  entry(name).breaker = breaker;
}

void HealthBoard::set_depth(std::string_view name, Depth depth) {
  IntegrationHealth& now = entry(name);
  now.buffered = depth.buffered;
  now.capacity = depth.capacity;
  now.dropped_total = depth.dropped_total;
  now.spooled = depth.spooled;
}

std::optional<IntegrationHealth> HealthBoard::find(std::string_view name) const {
  const auto found = integrations_.find(name);
  if (found == integrations_.end()) return std::nullopt;
  return found->second;
}

std::vector<std::string> HealthBoard::degraded() const {
  std::vector<std::string> names;
  for (const auto& [name, health] : integrations_)
    if (health.state == Health::degraded || health.state == Health::down) names.push_back(name);
  return names;
}

OverallHealth HealthBoard::overall() const {
  return degraded().empty() ? OverallHealth::ok : OverallHealth::degraded;
}

}  // namespace loquat::degradation
