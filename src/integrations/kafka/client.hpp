#pragma once
#include <librdkafka/rdkafka.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "loquat/base/result.hpp"
#include "loquat/kafka/config.hpp"

/// librdkafka's handles as owners, and the settings that producer and consumer share.
namespace loquat::kafka {

struct RdDelete {
  /// A consumer was closed by its owner, as far as the deadline let it: closing it once more here
  /// waits without end for a rebalance that nobody serves any longer.
  void operator()(rd_kafka_t* handle) const {
    const bool is_consumer = rd_kafka_type(handle) == RD_KAFKA_CONSUMER;
    rd_kafka_destroy_flags(handle, is_consumer ? RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE : 0);
  }
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
  void operator()(rd_kafka_event_t* event) const { rd_kafka_event_destroy(event); }
  void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
  void operator()(rd_kafka_topic_partition_list_t* list) const {
    rd_kafka_topic_partition_list_destroy(list);
  }
};
using RdHandle = std::unique_ptr<rd_kafka_t, RdDelete>;
using RdQueue = std::unique_ptr<rd_kafka_queue_t, RdDelete>;
using RdEvent = std::unique_ptr<rd_kafka_event_t, RdDelete>;
using RdPartitions = std::unique_ptr<rd_kafka_topic_partition_list_t, RdDelete>;

using ConfigPairs = std::vector<std::pair<std::string, std::string>>;
/// Address and security, as librdkafka names them.
[[nodiscard]] ConfigPairs connection_settings(const KafkaConfig& config,
                                              const std::string& bootstrap_servers,
                                              const std::string& client_id);
/// Errors: invalid_request naming the setting, never its value.
[[nodiscard]] Result<RdHandle> make_client(rd_kafka_type_t type, const ConfigPairs& settings,
                                           int events);
/// Creates what is missing of the nine topics and the dead-letter topic; the names of those that
/// were. Blocks up to `wait` and a second; never against an embedded broker, which has no Admin
/// requests. Errors: forbidden naming those that may not be created; timed_out; unavailable.
[[nodiscard]] Result<std::vector<std::string>> create_topics(rd_kafka_t* handle,
                                                             int replication_factor,
                                                             std::chrono::milliseconds wait);

/// How the topics that are there differ from what they should be, partitions and retention, one
/// sentence each. Blocks up to fifteen seconds. Errors: unavailable; forbidden if they may not be
/// described.
[[nodiscard]] Result<std::vector<std::string>> find_deviations(rd_kafka_t* handle);

/// Partitions of a topic; 0 if there is none of that name. Blocks up to five seconds. Errors:
/// unavailable if no broker answers.
[[nodiscard]] Result<int> see_topic(rd_kafka_t* handle, const std::string& topic);

/// Topic that the pipeline reads, and where what it can never handle goes.
[[nodiscard]] std::string feedback_topic();
/// Of a letter that is too large for its topic: so many bytes of payload are not in it.
inline constexpr std::string_view kOmittedBytes = "__connect.errors.loquat.omitted_bytes";
[[nodiscard]] std::string dead_letter_topic(const std::string& source);

}  // namespace loquat::kafka
