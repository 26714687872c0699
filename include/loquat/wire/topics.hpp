#pragma once
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "loquat/wire/events.hpp"

namespace loquat::wire {

/// The nine topics, in the order of `Event`'s alternatives.
enum class Topic {
  feedback,
  learning,
  insights,
  thinking,
  decision,
  trace,
  metrics,
  lineage,
  audit
};
inline constexpr std::size_t kTopicCount = 9;

/// What happens to an event that finds its buffer full.
enum class Keep { always, drop_when_full };

struct TopicInfo {
  Topic topic;
  std::string_view name;
  int partitions;
  int retention_days;
  std::string_view schema;    ///< name of the event's schema
  std::string_view producer;  ///< for AsyncAPI
  std::string_view consumer;
  Keep keep;
  int value_rank;  ///< what is least valuable goes first: lower goes earlier
};
[[nodiscard]] const std::array<TopicInfo, kTopicCount>& topic_table() noexcept;
[[nodiscard]] const TopicInfo& info(Topic topic) noexcept;
[[nodiscard]] inline Topic topic_of(const Event& event) noexcept {
  return static_cast<Topic>(event.index());
}
/// JSON Schema document of one event, e.g. `FeedbackEvent`; empty if there is none of that name.
[[nodiscard]] std::string event_schema(std::string_view name);

}  // namespace loquat::wire

namespace loquat {
LOQUAT_ENUM(wire::Topic, 9,
            {{{wire::Topic::feedback, "ai-feedback-events"},
              {wire::Topic::learning, "ai-learning-signals"},
              {wire::Topic::insights, "ai-insights"},
              {wire::Topic::thinking, "agent-thinking-events"},
              {wire::Topic::decision, "agent-decision-events"},
              {wire::Topic::trace, "agent-trace-events"},
              {wire::Topic::metrics, "agent-metrics-events"},
              {wire::Topic::lineage, "query-lineage-events"},
              {wire::Topic::audit, "audit-events"}}});
}  // namespace loquat
