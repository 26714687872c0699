#include "record.hpp"

#include <algorithm>
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

/// What differs from record to record.
struct Common {
  std::string event_id, type, time, traceparent, subject;
};

Common common_of(const wire::EventBase& base, const std::optional<std::string>& span) {
  Common common{base.event_id,
                base.event_type,
                format_rfc3339(base.timestamp),
                {},
                base.session_id.value_or("")};
  if (base.trace_id && base.trace_id->size() == 32)
    common.traceparent =
        "00-" + *base.trace_id + "-" + span.value_or(span_from(base.event_id)) + "-01";
  return common;
}

/// CloudEvents 1.0.2, Kafka binding, binary mode; W3C trace context.
Headers make_headers(Common common, const std::string& source) {
  Headers headers;
  headers.reserve(8);
  headers.emplace_back("ce_specversion", "1.0");
  headers.emplace_back("ce_id", std::move(common.event_id));
  headers.emplace_back("ce_type", std::move(common.type));
  headers.emplace_back("ce_source", source);
  headers.emplace_back("ce_time", std::move(common.time));
  headers.emplace_back("content-type", "application/json");
  if (!common.subject.empty()) headers.emplace_back("ce_subject", std::move(common.subject));
  if (!common.traceparent.empty())
    headers.emplace_back("traceparent", std::move(common.traceparent));
  return headers;
}

/// For the spool, so that what comes back from there needs no parsing of its payload: type, time,
/// traceparent, subject, each but the last up to its newline.
std::string head_of(const Headers& headers) {
  const auto value = [&headers](std::string_view name) -> std::string_view {
    for (const auto& [key, text] : headers)
      if (key == name) return text;
    return {};
  };
  std::string head;
  for (const std::string_view name : {"ce_type", "ce_time", "traceparent"}) {
    head += value(name);
    head += '\n';
  }
  head += value("ce_subject");
  return head;
}

Common read_head(std::string_view head, const std::string& event_id) {
  Common common;
  common.event_id = event_id;
  for (std::string* part : {&common.type, &common.time, &common.traceparent}) {
    const auto end = std::min(head.find('\n'), head.size());
    *part = head.substr(0, end);
    head.remove_prefix(std::min(end + 1, head.size()));
  }
  common.subject = head;
  return common;
}

void apply_policy(OutRecord& record, const wire::TopicInfo& info) {
  record.rank = info.value_rank;
  record.is_kept = info.keep == wire::Keep::always;
  record.is_reserved = info.topic == wire::Topic::audit;
  record.needs_effect = info.topic == wire::Topic::feedback;
}

}  // namespace

OutRecord make_record(const wire::Event& event, std::string payload, const std::string& source) {
  const wire::EventBase& base = wire::base_of(event);
  const wire::TopicInfo& info = wire::info(wire::topic_of(event));
  std::optional<std::string> span;
  if (const auto* trace = std::get_if<wire::TraceEvent>(&event)) span = trace->span_id;
  OutRecord record;
  record.topic = info.name;
  record.key = base.tenant_id;
  record.event_id = base.event_id;
  record.payload = std::move(payload);
  record.made_at = base.timestamp;
  record.headers = make_headers(common_of(base, span), source);
  apply_policy(record, info);
  return record;
}

degradation::SpoolRecord to_spool(const OutRecord& record) {
  return {record.key,     record.topic,       record.event_id,
          record.payload, record.is_reserved, head_of(record.headers)};
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
  if (!spooled.head.empty()) {
    Common common = read_head(spooled.head, record.event_id);
    if (const auto time = parse_rfc3339(common.time)) record.made_at = *time;
    record.headers = make_headers(std::move(common), source);
  } else if (auto head = wire::decode<Head>(record.payload, {.bytes_max = kBytesMax})) {
    record.made_at = head->message.timestamp;
    record.headers = make_headers(common_of(head->message, head->message.span_id), source);
  }
  apply_policy(record, wire::info(*topic));
  return record;
}

}  // namespace loquat::kafka
