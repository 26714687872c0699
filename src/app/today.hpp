#pragma once
#include <optional>
#include <string>

#include "loquat/base/fields.hpp"
#include "loquat/base/result.hpp"
#include "loquat/base/time_format.hpp"

namespace loquat::app {

/// Section `semantic`.
struct SemanticConfig {
  std::optional<Date> as_of;
  std::string time_zone = "UTC";
  template <class V>
  void fields(V& v) {
    v("as_of", as_of, "What \"today\" means for relative time; empty: the clock in time_zone.");
    v("time_zone", time_zone, "IANA name, e.g. Europe/Berlin.", len(1, 64));
  }
};

/// Errors: invalid_request if the zone is not installed. Sets the process's zone: start-up thread
/// only.
[[nodiscard]] Result<void> use_time_zone(const SemanticConfig& config);
[[nodiscard]] Date today(const SemanticConfig& config, const WallClock& wall);

}  // namespace loquat::app
