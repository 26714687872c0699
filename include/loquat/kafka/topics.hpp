#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "loquat/base/result.hpp"
#include "loquat/kafka/config.hpp"

/// Topics as an operator's command sees them: read from end to end, dead letters looked at and put
/// back. Blocking: for commands that run alone, never for the loop.
namespace loquat::kafka {

struct TopicRecord {
  int partition = 0;
  std::int64_t offset = 0;
  std::int64_t timestamp_ms = 0;
  std::string key, value;
  std::vector<std::pair<std::string, std::string>> headers;
  /// Empty if there is none of that name.
  [[nodiscard]] std::string header(std::string_view name) const;
};

/// Hands on every record that stands in the topic now, each partition in its order. Out: how many.
/// Errors: unavailable if no broker answers, not_found if there is no such topic.
[[nodiscard]] Result<std::uint64_t> read_topic(const KafkaConfig& config, const std::string& topic,
                                               const std::function<void(TopicRecord)>& visit);

struct DeadLetter {
  TopicRecord record;
  bool was_replayed = false;
  /// From Kafka Connect's headers `__connect.errors.*`.
  [[nodiscard]] std::string source_topic() const { return of("topic"); }
  [[nodiscard]] std::string reason() const { return of("exception.class.name"); }
  [[nodiscard]] std::string message() const { return of("exception.message"); }
  [[nodiscard]] std::string source() const {
    return of("topic") + "/" + of("partition") + "/" + of("offset");
  }

 private:
  [[nodiscard]] std::string of(std::string_view name) const;
};

/// What stands in the dead-letter topic of feedback. Errors as read_topic; a topic that is not
/// there is empty.
[[nodiscard]] Result<std::vector<DeadLetter>> list_dead_letters(const KafkaConfig& config);
/// Sends the letters to where they came from, as they were, and remembers that for each partition
/// up to the last of them (offsets of the group `<consumer_group>.dlq`). Errors: unavailable; then
/// some may have been sent, and sending them again has no second effect.
[[nodiscard]] Result<void> replay(const KafkaConfig& config,
                                  const std::vector<DeadLetter>& letters);

}  // namespace loquat::kafka
