#include "loquat/observability/trace_context.hpp"

#include <algorithm>

namespace loquat::observability {
namespace {

bool is_hex(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}
bool is_id(std::string_view text) {
  return is_hex(text) && text.find_first_not_of('0') != std::string_view::npos;
}
std::string fresh_id(std::size_t bytes, RandomSource& random) {
  auto id = make_hex(bytes, random);
  while (!is_id(id)) id = make_hex(bytes, random);
  return id;
}
int digit(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

// version(2) - trace(32) - span(16) - flags(2), Trace Context section 3.2
constexpr std::size_t kLength = 2 + 1 + 32 + 1 + 16 + 1 + 2;

}  // namespace

std::optional<TraceContext> parse_traceparent(std::string_view header) {
  if (header.size() < kLength) return std::nullopt;
  const auto version = header.substr(0, 2);
  const auto trace = header.substr(3, 32);
  const auto span = header.substr(36, 16);
  const auto flags = header.substr(53, 2);
  if (header[2] != '-' || header[35] != '-' || header[52] != '-') return std::nullopt;
  if (!is_hex(version) || version == "ff" || !is_hex(flags)) return std::nullopt;
  if (version == "00" && header.size() != kLength) return std::nullopt;
  if (header.size() > kLength && header[kLength] != '-') return std::nullopt;
  if (!is_id(trace) || !is_id(span)) return std::nullopt;
  return TraceContext{std::string(trace), std::string(span), (digit(flags[1]) & 1) == 1};
}

std::string format_traceparent(const TraceContext& context) {
  return "00-" + context.trace_id + "-" + context.span_id + (context.sampled ? "-01" : "-00");
}

TraceContext new_trace(RandomSource& random) {
  auto trace = fresh_id(16, random);
  auto span = fresh_id(8, random);
  return {std::move(trace), std::move(span), true};
}

TraceContext child_span(const TraceContext& parent, RandomSource& random) {
  return {parent.trace_id, fresh_id(8, random), parent.sampled};
}

}  // namespace loquat::observability
