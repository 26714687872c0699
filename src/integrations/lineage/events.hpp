#pragma once
#include <cstdint>
#include <string_view>

#include "loquat/base/error.hpp"
#include "loquat/observability/telemetry.hpp"

/// What lineage reports of itself.
namespace loquat::lineage {

enum class DropReason { too_many_pending, buffer_full, service_away, refused, stopped };

}  // namespace loquat::lineage

namespace loquat {
LOQUAT_ENUM(lineage::DropReason, 5,
            {{{lineage::DropReason::too_many_pending, "too_many_pending"},
              {lineage::DropReason::buffer_full, "buffer_full"},
              {lineage::DropReason::service_away, "service_away"},
              {lineage::DropReason::refused, "refused"},
              {lineage::DropReason::stopped, "stopped"}}});
}  // namespace loquat

namespace loquat::lineage {

struct EventDropped {
  DropReason reason;
  std::uint64_t count = 1;
  static constexpr observability::Level level = observability::Level::warning;
  static constexpr std::string_view name = "lineage.event_dropped";
  static constexpr std::string_view message = "A turn's lineage was not recorded.";
  static constexpr observability::CounterSpec counter{"loquat_lineage_dropped_events_total",
                                                      "Turns whose lineage was not recorded."};
  template <class V>
  void fields(V& v) const {
    v("reason", reason);
    v("count", count);
  }
  template <class V>
  void labels(V& v) const {
    v("reason", reason);
  }
};
struct CopyDropped {
  DropReason reason;
  std::uint64_t count = 1;
  static constexpr observability::Level level = observability::Level::warning;
  static constexpr std::string_view name = "lineage.copy_dropped";
  static constexpr std::string_view message =
      "A copy for the lineage service or the catalog was dropped; the topic has the event.";
  static constexpr observability::CounterSpec counter{"loquat_lineage_dropped_copies_total",
                                                      "Copies that reached no service."};
  template <class V>
  void fields(V& v) const {
    v("reason", reason);
    v("count", count);
  }
  template <class V>
  void labels(V& v) const {
    v("reason", reason);
  }
  [[nodiscard]] std::uint64_t amount() const { return count; }
};
struct StoreFailed {
  Errc code;
  static constexpr observability::Level level = observability::Level::warning;
  static constexpr std::string_view name = "lineage.not_stored";
  static constexpr std::string_view message =
      "A lineage event went to the topic, but not to the store.";
  static constexpr observability::CounterSpec counter{
      "loquat_lineage_unstored_events_total", "Lineage events that the store did not take."};
  template <class V>
  void fields(V& v) const {
    v("code", code);
  }
};

}  // namespace loquat::lineage
