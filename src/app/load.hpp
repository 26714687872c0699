#pragma once
#include <cstdint>
#include <string_view>

#include "loquat/degradation/load_shedder.hpp"
#include "loquat/net/server.hpp"
#include "loquat/observability/telemetry.hpp"

namespace loquat::app {

/// What the process holds in memory now; 0 where the kernel does not say.
[[nodiscard]] std::int64_t resident_bytes();

/// What the server counts, as metrics. `net` itself knows none.
class ServerMeters {
 public:
  explicit ServerMeters(observability::MetricsRegistry& metrics);
  void report(const net::ServerStats& now);

 private:
  observability::Gauge open_;
  observability::Counter refused_, refused_requests_;
  net::ServerStats seen_{};
};

struct LoadChanged {
  degradation::LoadLevel load;
  Clock::duration lag_ms;
  std::int64_t memory_mib;
  static constexpr auto level = observability::Level::warning;
  static constexpr std::string_view name = "app.load_changed";
  static constexpr std::string_view message =
      "There is more, or again less, to do than can be done.";
  template <class V>
  void fields(V& v) const {
    v("load", load);
    v("lag_ms", lag_ms);
    v("memory_mib", memory_mib);
  }
};

}  // namespace loquat::app
