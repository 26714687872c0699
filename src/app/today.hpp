#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "loquat/base/fields.hpp"
#include "loquat/base/result.hpp"
#include "loquat/base/time_format.hpp"

namespace loquat::app {

/// Section `semantic`.
struct SemanticConfig {
  std::optional<Date> as_of;
  std::string time_zone = "UTC";
  std::vector<std::string> row_filters;
  bool row_filters_skip_unreachable = false;
  std::int64_t stream_rows_max = 1'000'000;
  template <class V>
  void fields(V& v) {
    v("as_of", as_of, "What \"today\" means for relative time; empty: the clock in time_zone.");
    v("time_zone", time_zone, "IANA name, e.g. Europe/Berlin.", len(1, 64));
    v("row_filters", row_filters,
      "Which rows a caller may see, in every query: '<entity>__<dimension> in <tenant | user | "
      "claim:NAME | values:A|B> [for|except ROLE, ROLE]'. A caller without the value is refused.");
    v("row_filters_skip_unreachable", row_filters_skip_unreachable,
      "true: rows that cannot be joined to a filter's dimension are read unfiltered; false: they "
      "are refused.");
    v("stream_rows_max", stream_rows_max,
      "Most rows of one /semantic/query with Accept: application/x-ndjson.", in(1, 1'000'000'000));
  }
};

/// Errors: invalid_request if the zone is not installed. Sets the process's zone: start-up thread
/// only.
[[nodiscard]] Result<void> use_time_zone(const SemanticConfig& config);
[[nodiscard]] Date today(const SemanticConfig& config, const WallClock& wall);

}  // namespace loquat::app
