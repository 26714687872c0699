#include "loquat/kafka/topics.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>

#include "client.hpp"
#include "loquat/base/clock.hpp"

namespace loquat::kafka {
namespace {

constexpr std::string_view kErrorHeaders = "__connect.errors.";
constexpr int kWaitMs = 10'000;

struct DeleteMessage {
  void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
};
using RdMessage = std::unique_ptr<rd_kafka_message_t, DeleteMessage>;

TopicRecord topic_record(const rd_kafka_message_t& message) {
  TopicRecord record;
  record.partition = message.partition;
  record.offset = message.offset;
  record.timestamp_ms = rd_kafka_message_timestamp(&message, nullptr);
  if (message.payload != nullptr)
    record.value.assign(static_cast<const char*>(message.payload), message.len);
  if (message.key != nullptr)
    record.key.assign(static_cast<const char*>(message.key), message.key_len);
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return record;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0;
       rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i)
    record.headers.emplace_back(name, std::string(static_cast<const char*>(value), size));
  return record;
}

Result<RdHandle> open_reader(const KafkaConfig& config, const std::string& group) {
  ConfigPairs settings = connection_settings(config, config.bootstrap_servers, "loquat-command");
  settings.insert(settings.end(), {{"group.id", group},
                                   {"enable.auto.commit", "false"},
                                   {"enable.partition.eof", "true"},
                                   {"auto.offset.reset", "earliest"}});
  auto handle = make_client(RD_KAFKA_CONSUMER, settings, 0);
  if (handle) rd_kafka_poll_set_consumer(handle->get());
  return handle;
}

Result<std::uint64_t> read_partitions(rd_kafka_t* handle, const std::string& topic, int count,
                                      const std::function<void(TopicRecord)>& visit) {
  const RdPartitions list(rd_kafka_topic_partition_list_new(count));
  for (int i = 0; i < count; ++i)
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), i)->offset =
        RD_KAFKA_OFFSET_BEGINNING;
  rd_kafka_assign(handle, list.get());
  std::set<int> at_end;
  std::uint64_t records = 0;
  Time heard_at = Clock::now();
  while (at_end.size() < static_cast<std::size_t>(count)) {
    constexpr int kPollMs = 200;
    const RdMessage message(rd_kafka_consumer_poll(handle, kPollMs));
    if (!message) {
      if (Clock::now() - heard_at > std::chrono::milliseconds(kWaitMs))
        return fail(Errc::unavailable, "The broker no longer answers.");
      continue;
    }
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) at_end.insert(message->partition);
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    heard_at = Clock::now();
    ++records;
    visit(topic_record(*message));
  }
  return records;
}

/// Offsets up to which letters were put back, by partition.
std::map<int, std::int64_t> replayed_up_to(rd_kafka_t* handle, const std::string& topic,
                                           int count) {
  const RdPartitions list(rd_kafka_topic_partition_list_new(count));
  for (int i = 0; i < count; ++i) rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), i);
  std::map<int, std::int64_t> offsets;
  if (rd_kafka_committed(handle, list.get(), kWaitMs) != RD_KAFKA_RESP_ERR_NO_ERROR) return offsets;
  for (int i = 0; i < list->cnt; ++i) offsets[list->elems[i].partition] = list->elems[i].offset;
  return offsets;
}

std::string replay_group(const KafkaConfig& config) { return config.consumer_group + ".dlq"; }

/// Sends without waiting; the queue is as large as librdkafka's default.
Result<void> send(rd_kafka_t* producer, const TopicRecord& record, const std::string& topic) {
  auto* headers = rd_kafka_headers_new(record.headers.size());
  for (const auto& [name, value] : record.headers)
    if (!name.starts_with(kErrorHeaders))
      rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                          static_cast<ssize_t>(value.size()));
  auto* payload = const_cast<char*>(record.value.data());  // copied, not changed
  const auto code = rd_kafka_producev(producer, RD_KAFKA_V_TOPIC(topic.c_str()),
                                      RD_KAFKA_V_KEY(record.key.data(), record.key.size()),
                                      RD_KAFKA_V_VALUE(payload, record.value.size()),
                                      RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                      RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  rd_kafka_headers_destroy(headers);
  return fail(Errc::unavailable, std::string("Not sent: ") + rd_kafka_err2str(code));
}

Result<void> wait_for_reports(rd_kafka_t* producer, std::uint64_t wanted) {
  std::uint64_t delivered = 0;
  const RdQueue queue(rd_kafka_queue_get_main(producer));
  while (delivered < wanted) {
    const RdEvent event(rd_kafka_queue_poll(queue.get(), kWaitMs));
    if (!event) return fail(Errc::unavailable, "The broker did not report in time.");
    while (const rd_kafka_message_t* message = rd_kafka_event_message_next(event.get())) {
      if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return fail(Errc::unavailable, std::string("Not taken: ") + rd_kafka_err2str(message->err));
      ++delivered;
    }
  }
  return {};
}

}  // namespace

std::string TopicRecord::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (key == name) return value;
  return {};
}
std::string DeadLetter::of(std::string_view name) const {
  return record.header(std::string(kErrorHeaders) + std::string(name));
}

Result<std::uint64_t> read_topic(const KafkaConfig& config, const std::string& topic,
                                 const std::function<void(TopicRecord)>& visit) {
  auto handle = open_reader(config, config.consumer_group + ".reader");
  if (!handle) return handle.error();
  const auto seen = see_topic(handle->get(), topic);
  if (!seen) return seen.error();
  if (*seen == 0) return fail(Errc::not_found, "There is no topic " + topic + ".");
  return read_partitions(handle->get(), topic, *seen, visit);
}

Result<std::vector<DeadLetter>> list_dead_letters(const KafkaConfig& config) {
  const std::string topic = dead_letter_topic(feedback_topic());
  auto handle = open_reader(config, replay_group(config));
  if (!handle) return handle.error();
  const auto partitions = see_topic(handle->get(), topic);
  if (!partitions) return partitions.error();
  std::vector<DeadLetter> letters;
  if (*partitions == 0) return letters;
  const auto replayed = replayed_up_to(handle->get(), topic, *partitions);
  auto read = read_partitions(handle->get(), topic, *partitions, [&](TopicRecord record) {
    const auto mark = replayed.find(record.partition);
    const bool was_replayed = mark != replayed.end() && record.offset < mark->second;
    letters.push_back({std::move(record), was_replayed});
  });
  if (!read) return read.error();
  return letters;
}

Result<void> replay(const KafkaConfig& config, const std::vector<DeadLetter>& letters) {
  ConfigPairs settings = connection_settings(config, config.bootstrap_servers, "loquat-command");
  settings.insert(settings.end(), {{"enable.idempotence", "true"}, {"acks", "all"}});
  auto producer = make_client(RD_KAFKA_PRODUCER, settings, RD_KAFKA_EVENT_DR);
  if (!producer) return producer.error();
  std::uint64_t sent = 0;
  std::map<int, std::int64_t> up_to;
  for (const auto& letter : letters) {
    if (!letter.record.header(kOmittedBytes).empty()) continue;  // there is nothing to put back
    const std::string topic = letter.source_topic();
    if (topic.empty())
      return fail(Errc::corrupt, "A letter does not say which topic it came from.");
    if (auto done = send(producer->get(), letter.record, topic); !done) return done;
    ++sent;
    auto& mark = up_to[letter.record.partition];
    mark = std::max(mark, letter.record.offset + 1);
  }
  if (auto reported = wait_for_reports(producer->get(), sent); !reported) return reported;
  auto marker = open_reader(config, replay_group(config));
  if (!marker) return marker.error();
  const RdPartitions list(rd_kafka_topic_partition_list_new(static_cast<int>(up_to.size())));
  const std::string topic = dead_letter_topic(feedback_topic());
  const auto before =
      replayed_up_to(marker->get(), topic, up_to.empty() ? 0 : up_to.rbegin()->first + 1);
  for (const auto& [partition, offset] : up_to) {
    const auto known = before.find(partition);
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition)->offset =
        known == before.end() ? offset : std::max(offset, known->second);
  }
  const auto code = rd_kafka_commit(marker->get(), list.get(), 0);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    return fail(Errc::unavailable,
                std::string("Sent, but not remembered: ") + rd_kafka_err2str(code));
  return {};
}

}  // namespace loquat::kafka
