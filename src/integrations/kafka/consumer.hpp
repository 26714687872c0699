#pragma once
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "client.hpp"
#include "inbound.hpp"
#include "loquat/contracts/ports.hpp"
#include "loquat/observability/telemetry.hpp"
#include "loquat/runtime/event_loop.hpp"
#include "loquat/runtime/task_group.hpp"
#include "record.hpp"

namespace loquat::kafka {

struct ConsumerPorts {
  runtime::Executor loop;
  observability::Telemetry& telemetry;
  contracts::FeedbackHandler& handler;
  /// Puts a record that can never be handled aside; success means it stands in its topic.
  std::function<contracts::Task<Result<void>>(Inbound, Error)> dead_letter;
};

/// Reads the feedback topic in its group. Each partition has a bounded queue and one task that
/// handles its records: those of one lane (a tenant where they teach, a user where they do not) in
/// order, lanes at the same time, so that effects share a transaction. A full queue pauses the
/// partition. An offset is stored for commit after the effects of its record and of all before it
/// are.
class Consumer {
 public:
  Consumer(const KafkaConfig& config, ConsumerPorts ports);
  ~Consumer();
  Consumer(const Consumer&) = delete;
  Consumer& operator=(const Consumer&) = delete;

  [[nodiscard]] Result<void> open(const std::string& servers, const std::string& client_id);
  /// Drains the library's queue until cancelled.
  [[nodiscard]] contracts::Task<void> run();
  /// Leaves the group and commits, until `deadline` at the latest.
  [[nodiscard]] contracts::Task<void> close(Time deadline);
  /// The handle, for its end on a worker thread.
  [[nodiscard]] RdHandle release();
  /// Sets the gauges of lag.
  void measure();
  /// To be called more often than `kafka.max_poll_interval`, also when nothing was told: who never
  /// asks the client library for more is taken for hanging, and leaves the group.
  void look() noexcept { wake_.wake(); }

 private:
  struct Partition;
  using PartitionPtr = std::shared_ptr<Partition>;
  bool drain();
  void on_event(rd_kafka_event_t* event);
  void on_rebalance(rd_kafka_event_t* event);
  void take(const rd_kafka_message_t& message);
  void assign(const rd_kafka_topic_partition_list_t& partitions);
  void revoke(const rd_kafka_topic_partition_list_t& partitions);
  void pause(Partition& partition, bool is_pause);
  void store_offset(const contracts::RecordPlace& place);
  [[nodiscard]] contracts::Task<void> work(PartitionPtr partition);
  struct Item {
    Inbound record;
    Result<wire::FeedbackEvent> event;
  };
  using Lane = std::vector<Item>;
  struct Joint;
  [[nodiscard]] static contracts::RecordPlace last_of_next(const Partition& partition);
  [[nodiscard]] static std::vector<Lane> take_lanes(Partition& partition);
  [[nodiscard]] contracts::Task<bool> settle_all(PartitionPtr partition, std::vector<Lane> lanes);
  [[nodiscard]] contracts::Task<void> settle_lane(PartitionPtr partition, Lane lane,
                                                  std::shared_ptr<Joint> joint);
  [[nodiscard]] contracts::Task<bool> settle(PartitionPtr partition, Item& item);
  [[nodiscard]] contracts::Task<Result<void>> handle_once(Item& item);

  const KafkaConfig& config_;
  ConsumerPorts ports_;
  runtime::EventFd wake_;
  RdHandle handle_;
  RdQueue queue_;
  std::map<int, PartitionPtr> partitions_;
  runtime::TaskGroup tasks_;
  bool is_closing_ = false;
};

}  // namespace loquat::kafka
