#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "loquat/base/clock.hpp"
#include "loquat/base/enum_names.hpp"
#include "loquat/degradation/breaker.hpp"

namespace loquat::degradation {

enum class Health { up, degraded, down, disabled };
enum class OverallHealth { ok, degraded, down };

/// What /health says of one integration (contract, section 5).
struct IntegrationHealth {
  Health state = Health::up;
  WallTime since{};
  BreakerState breaker = BreakerState::closed;
  std::uint64_t buffered = 0, capacity = 0, dropped_total = 0, spooled = 0;
  std::string last_error;  ///< safe to show; empty if there was none
  std::string behaviour;   ///< what is done instead while it is not up
};

/// Where every integration reports. Loop thread only; outlives the integrations.
class HealthBoard {
 public:
  explicit HealthBoard(const WallClock& wall) : wall_(wall) {}

  /// Lists an integration; `behaviour` is what its users get while it is degraded or down.
  void add(std::string name, std::string behaviour, Health state = Health::up);
  /// Changes the state; `since` moves only if it differs. An empty error keeps the last one.
  void set(std::string_view name, Health state, std::string last_error = {});
  void set_breaker(std::string_view name, BreakerState breaker);
  struct Depth {
    std::uint64_t buffered = 0, capacity = 0, dropped_total = 0, spooled = 0;
  };
  void set_depth(std::string_view name, Depth depth);

  [[nodiscard]] const std::map<std::string, IntegrationHealth, std::less<>>& all() const noexcept {
    return integrations_;
  }
  [[nodiscard]] std::optional<IntegrationHealth> find(std::string_view name) const;
  /// Names of those that are degraded or down; for the envelope's `degraded`.
  [[nodiscard]] std::vector<std::string> degraded() const;
  /// `down` is for the process itself: nothing of ours sets it while it can serve.
  [[nodiscard]] OverallHealth overall() const;

  using Observer = std::function<void(std::string_view name, const IntegrationHealth& now)>;
  /// Called after each change of state, on the loop.
  void observe(Observer observer) { observers_.push_back(std::move(observer)); }

 private:
  IntegrationHealth& entry(std::string_view name);
  const WallClock& wall_;
  std::map<std::string, IntegrationHealth, std::less<>> integrations_;
  std::vector<Observer> observers_;
};

}  // namespace loquat::degradation

namespace loquat {
LOQUAT_ENUM(degradation::Health, 4,
            {{{degradation::Health::up, "up"},
              {degradation::Health::degraded, "degraded"},
              {degradation::Health::down, "down"},
              {degradation::Health::disabled, "disabled"}}});
LOQUAT_ENUM(degradation::OverallHealth, 3,
            {{{degradation::OverallHealth::ok, "ok"},
              {degradation::OverallHealth::degraded, "degraded"},
              {degradation::OverallHealth::down, "down"}}});
}  // namespace loquat
