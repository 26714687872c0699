#include "record.hpp"

#include <cstdint>

#include "loquat/wire/codec.hpp"

namespace loquat::kafka {
namespace {

/// The common fields alone, as they stand in every value.
struct Head : wire::EventBase {
  std::optional<std::string> span_id;
  template <class V>
  void fields(V& v) {
    common(v);
    v("span_id", span_id, "Of trace events.");
  }
};

/// A span id for events that are no spans: from the event's id, so that a copy made from the spool
/// carries the same header (FNV-1a, 64 bit).
std::string span_from(const std::string& event_id) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : event_id) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  if (hash == 0) hash = 1;
  std::string text(16, '0');
  for (std::size_t i = 16; i-- > 0; hash >>= 4U) text[i] = "0123456789abcdef"[hash & 15U];
  return text;
}

/// CloudEvents 1.0.2, Kafka binding, binary mode; W3C trace context.
Headers make_headers(const wire::EventBase& base, const std::optional<std::string>& span,
                     const std::string& source) {
  Headers headers{{"ce_specversion", "1.0"},
                  {"ce_id", base.event_id},
                  {"ce_type", base.event_type},
                  {"ce_source", source},
                  {"ce_time", format_rfc3339(base.timestamp)},
                  {"content-type", "application/json"}};
  if (base.session_id) headers.emplace_back("ce_subject", *base.session_id);
  if (base.trace_id && base.trace_id->size() == 32)
    headers.emplace_back("traceparent", "00-" + *base.trace_id + "-" +
                                            span.value_or(span_from(base.event_id)) + "-01");
  return headers;
}

void apply_policy(OutRecord& record, const wire::TopicInfo& info) {
  record.rank = info.value_rank;
  record.is_kept = info.keep == wire::Keep::always;
  record.is_reserved = info.topic == wire::Topic::audit;
  record.needs_effect = info.topic == wire::Topic::feedback;
}

}  // namespace

OutRecord make_record(const wire::Event& event, const std::string& source) {
  const wire::EventBase& base = wire::base_of(event);
  const wire::TopicInfo& info = wire::info(wire::topic_of(event));
  std::optional<std::string> span;
  if (const auto* trace = std::get_if<wire::TraceEvent>(&event)) span = trace->span_id;
  OutRecord record;
  record.topic = info.name;
  record.key = base.tenant_id;
  record.event_id = base.event_id;
  record.payload = wire::encode_event(event);
  record.headers = make_headers(base, span, source);
  apply_policy(record, info);
  return record;
}

degradation::SpoolRecord to_spool(const OutRecord& record) {
  return {record.key, record.topic, record.event_id, record.payload, record.is_reserved};
}

std::optional<OutRecord> from_spool(degradation::SpoolRecord spooled, const std::string& source) {
  const auto topic = enum_from<wire::Topic>(spooled.topic);
  if (!topic) return std::nullopt;
  OutRecord record;
  record.topic = std::move(spooled.topic);
  record.key = std::move(spooled.key);
  record.event_id = std::move(spooled.event_id);
  record.payload = std::move(spooled.payload);
  constexpr std::size_t kBytesMax = 8U << 20U;  // what we wrote ourselves may be larger than a body
  if (auto head = wire::decode<Head>(record.payload, {.bytes_max = kBytesMax}))
    record.headers = make_headers(head->message, head->message.span_id, source);
  apply_policy(record, wire::info(*topic));
  return record;
}

}  // namespace loquat::kafka
