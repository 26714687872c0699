#include "loquat/wire/topics.hpp"

#include "loquat/base/check.hpp"
#include "loquat/wire/codec.hpp"

namespace loquat::wire {

const std::array<TopicInfo, kTopicCount>& topic_table() noexcept {
  using enum Keep;
  static constexpr std::array<TopicInfo, kTopicCount> table{{
      {Topic::feedback, "ai-feedback-events", 6, 7, "FeedbackEvent", "AI Service",
       "Feedback Pipeline", always, 90},
      {Topic::learning, "ai-learning-signals", 3, 7, "LearningSignal", "Feedback Pipeline",
       "Model Tuning", always, 80},
      {Topic::insights, "ai-insights", 3, 7, "InsightEvent", "Analysis Agent",
       "Notification Service", drop_when_full, 60},
      {Topic::thinking, "agent-thinking-events", 6, 7, "ThinkingEvent", "Orchestrator",
       "Context Graph", drop_when_full, 10},
      {Topic::decision, "agent-decision-events", 6, 7, "DecisionEvent", "Router Agent",
       "Analytics Store", drop_when_full, 40},
      {Topic::trace, "agent-trace-events", 6, 7, "TraceEvent", "All Agents", "Trace Store",
       drop_when_full, 20},
      {Topic::metrics, "agent-metrics-events", 3, 7, "MetricsEvent", "Quality Metrics",
       "Monitoring", drop_when_full, 30},
      {Topic::lineage, "query-lineage-events", 3, 30, "LineageEvent", "SQL Agent",
       "Lineage Service", drop_when_full, 50},
      {Topic::audit, "audit-events", 6, 90, "AuditEvent", "All", "Compliance", always, 100},
  }};
  return table;
}

const TopicInfo& info(Topic topic) noexcept {
  const auto& entry = topic_table()[static_cast<std::size_t>(topic)];
  LOQUAT_CHECK(entry.topic == topic);
  return entry;
}

std::string encode_event(const Event& event) {
  std::string text;
  text.reserve(1024);  // most are longer than what `encode` begins with
  JsonWriter out(text);
  std::visit([&](const auto& e) { encode_value(out, e); }, event);
  return text;
}

std::string event_schema(std::string_view name) {
  if (name == "FeedbackEvent") return json_schema<FeedbackEvent>(name);
  if (name == "LearningSignal") return json_schema<LearningSignal>(name);
  if (name == "InsightEvent") return json_schema<InsightEvent>(name);
  if (name == "ThinkingEvent") return json_schema<ThinkingEvent>(name);
  if (name == "DecisionEvent") return json_schema<DecisionEvent>(name);
  if (name == "TraceEvent") return json_schema<TraceEvent>(name);
  if (name == "MetricsEvent") return json_schema<MetricsEvent>(name);
  if (name == "LineageEvent") return json_schema<LineageEvent>(name);
  if (name == "AuditEvent") return json_schema<AuditEvent>(name);
  return {};
}

}  // namespace loquat::wire
