#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "loquat/base/sources.hpp"

namespace loquat::observability {

/// W3C Trace Context, level 1. Ids are lower-case hex: 32 and 16 digits, never all zero.
struct TraceContext {
  std::string trace_id;
  std::string span_id;
  bool sampled = true;
  bool operator==(const TraceContext&) const = default;
};

/// Nothing if `header` is malformed: the caller then starts its own trace. Later versions than 00
/// are read by their first four fields, as the recommendation says.
[[nodiscard]] std::optional<TraceContext> parse_traceparent(std::string_view header);
[[nodiscard]] std::string format_traceparent(const TraceContext& context);
[[nodiscard]] TraceContext new_trace(RandomSource& random);
/// The same trace with a new span id: what a call to a peer carries.
[[nodiscard]] TraceContext child_span(const TraceContext& parent, RandomSource& random);

}  // namespace loquat::observability
