#include "topic_metrics.hpp"

#include "client.hpp"
#include "loquat/wire/topics.hpp"

namespace loquat::kafka {
namespace {

constexpr std::string_view kLost = "loquat_kafka_lost_events_total";
constexpr std::string_view kLostHelp =
    "Events that somebody was promised and that never reach their topic.";

}  // namespace

TopicMetrics::TopicMetrics(observability::MetricsRegistry& metrics) {
  std::vector<std::string> topics{dead_letter_topic(feedback_topic())};
  for (const auto& info : wire::topic_table()) topics.emplace_back(info.name);
  for (const auto& topic : topics) {
    const observability::Labels labels{observability::fixed_label("topic", topic)};
    Cells& cells = cells_[topic];
    cells.waiting = metrics.gauge("loquat_kafka_waiting_events",
                                  "Events in memory or on disk that are not reported yet.", labels);
    cells.age = metrics.gauge("loquat_kafka_oldest_event_age_seconds",
                              "Age of the oldest event that waits; 0 if none does.", labels);
    cells.copies = metrics.counter(
        "loquat_kafka_copied_events_total",
        "Events sent again although an earlier attempt may have reached the topic.", labels);
    cells.lost = metrics.counter(kLost, kLostHelp, labels);
  }
  unknown_ = metrics.counter(kLost, kLostHelp, {observability::fixed_label("topic", "unknown")});
}

void TopicMetrics::show(const std::map<std::string, TopicState>& topics, WallTime now) {
  for (auto& [topic, cells] : cells_) {
    const auto known = topics.find(topic);
    const TopicState state = known == topics.end() ? TopicState{} : known->second;
    cells.waiting.set(static_cast<double>(state.waiting));
    const std::chrono::duration<double> age =
        state.oldest && *state.oldest < now ? now - *state.oldest : Clock::duration::zero();
    cells.age.set(age.count());
    cells.copies.add(static_cast<double>(state.copies - cells.shown.copies));
    cells.lost.add(static_cast<double>(state.lost - cells.shown.lost));
    cells.shown = state;
  }
}

}  // namespace loquat::kafka
