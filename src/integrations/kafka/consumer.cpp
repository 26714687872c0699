#include "consumer.hpp"

#include <algorithm>
#include <cstring>

#include "events.hpp"
#include "loquat/runtime/sync.hpp"

namespace loquat::kafka {
namespace {

constexpr std::uint64_t kWakeUp = 1;
constexpr std::size_t kTogetherMax = 256;  // records of a partition that are handled at a time

Inbound copy_of(const rd_kafka_message_t& message) {
  Inbound record;
  record.place = {rd_kafka_topic_name(message.rkt), message.partition, message.offset};
  if (message.payload != nullptr)
    record.payload.assign(static_cast<const char*>(message.payload), message.len);
  if (message.key != nullptr)
    record.key.assign(static_cast<const char*>(message.key), message.key_len);
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return record;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0;
       rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i)
    record.headers.emplace_back(name, value == nullptr
                                          ? std::string()
                                          : std::string(static_cast<const char*>(value), size));
  return record;
}

RdPartitions copy_of(const rd_kafka_topic_partition_list_t& partitions) {
  return RdPartitions(rd_kafka_topic_partition_list_copy(&partitions));
}

bool can_never_be_handled(const Error& error) {
  return error.code == Errc::invalid_request || error.code == Errc::corrupt;
}

}  // namespace

struct Consumer::Partition {
  Partition(int number, runtime::Executor loop) : number(number), changed(std::move(loop)) {}
  int number;
  std::deque<Inbound> waiting;
  bool is_paused = false;
  bool is_revoked = false;
  std::int64_t next_offset = -1;
  runtime::Notification changed;
  observability::Gauge lag;
};

Consumer::Consumer(const KafkaConfig& config, ConsumerPorts ports)
    : config_(config),
      ports_(std::move(ports)),
      wake_(ports_.loop),
      tasks_(ports_.loop, "kafka.consumer", ports_.telemetry) {}
Consumer::~Consumer() {
  if (queue_) rd_kafka_queue_io_event_enable(queue_.get(), -1, nullptr, 0);
}

Result<void> Consumer::open(const std::string& servers, const std::string& client_id) {
  ConfigPairs settings = connection_settings(config_, servers, client_id);
  settings.insert(settings.end(),
                  {{"group.id", config_.consumer_group},
                   {"auto.offset.reset", "earliest"},
                   {"enable.auto.commit", "true"},  // of what is stored by hand, after the effect
                   {"auto.commit.interval.ms", "1000"},
                   {"enable.auto.offset.store", "false"},
                   {"partition.assignment.strategy", "cooperative-sticky"},
                   {"session.timeout.ms", std::to_string(config_.session_timeout.count())},
                   {"max.poll.interval.ms", std::to_string(config_.max_poll_interval.count())},
                   // Nobody waits for an effect: records that come together share a transaction.
                   {"fetch.min.bytes", "1048576"},
                   {"fetch.wait.max.ms", "100"},
                   {"queued.min.messages", "1000"},
                   {"queued.max.messages.kbytes", "8192"},
                   {"topic.metadata.refresh.interval.ms", "10000"}});
  auto handle = make_client(RD_KAFKA_CONSUMER, settings,
                            RD_KAFKA_EVENT_FETCH | RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_ERROR |
                                RD_KAFKA_EVENT_OFFSET_COMMIT);
  if (!handle) return handle.error();
  handle_ = std::move(*handle);
  rd_kafka_poll_set_consumer(handle_.get());
  queue_.reset(rd_kafka_queue_get_consumer(handle_.get()));
  rd_kafka_queue_io_event_enable(queue_.get(), wake_.fd(), &kWakeUp, sizeof(kWakeUp));
  const RdPartitions topics(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(topics.get(), feedback_topic().c_str(), RD_KAFKA_PARTITION_UA);
  const auto code = rd_kafka_subscribe(handle_.get(), topics.get());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return fail(Errc::unavailable, rd_kafka_err2str(code));
  return {};
}

contracts::Task<void> Consumer::run() {
  for (;;) {
    while (drain()) co_await runtime::yield_to_others();
    co_await wake_.wait();
  }
}

bool Consumer::drain() {
  constexpr int kSlice = 256;
  for (int i = 0; i < kSlice; ++i) {
    const RdEvent event(rd_kafka_queue_poll(queue_.get(), 0));
    if (!event) return false;
    on_event(event.get());
  }
  return true;
}

void Consumer::on_event(rd_kafka_event_t* event) {
  switch (rd_kafka_event_type(event)) {
    case RD_KAFKA_EVENT_FETCH:
      while (const rd_kafka_message_t* message = rd_kafka_event_message_next(event)) take(*message);
      break;
    case RD_KAFKA_EVENT_REBALANCE:
      on_rebalance(event);
      break;
    case RD_KAFKA_EVENT_ERROR:
      ports_.telemetry.emit(ClientTrouble{rd_kafka_event_error_string(event)});
      break;
    default:
      break;
  }
}

void Consumer::on_rebalance(rd_kafka_event_t* event) {
  const auto* partitions = rd_kafka_event_topic_partition_list(event);
  const bool is_cooperative =
      std::strcmp(rd_kafka_rebalance_protocol(handle_.get()), "COOPERATIVE") == 0;
  rd_kafka_error_t* error = nullptr;
  if (rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    assign(*partitions);
    if (is_cooperative)
      error = rd_kafka_incremental_assign(handle_.get(), partitions);
    else
      rd_kafka_assign(handle_.get(), partitions);
    // A partition that was paused when it went away is still paused when it comes back.
    rd_kafka_resume_partitions(handle_.get(), copy_of(*partitions).get());
  } else {
    revoke(*partitions);
    if (is_cooperative)
      error = rd_kafka_incremental_unassign(handle_.get(), partitions);
    else
      rd_kafka_assign(handle_.get(), nullptr);
  }
  if (error == nullptr) return;
  ports_.telemetry.emit(ClientTrouble{rd_kafka_error_string(error)});
  rd_kafka_error_destroy(error);
}

void Consumer::assign(const rd_kafka_topic_partition_list_t& partitions) {
  for (int i = 0; i < partitions.cnt; ++i) {
    const int number = partitions.elems[i].partition;
    auto partition = std::make_shared<Partition>(number, ports_.loop);
    partition->lag = ports_.telemetry.metrics().gauge(
        "loquat_kafka_consumer_lag_events", "Records of a partition that are not handled yet.",
        {observability::fixed_label("partition", std::to_string(number))});
    partitions_[number] = partition;
    tasks_.spawn("partition", work(std::move(partition)));
  }
}
void Consumer::revoke(const rd_kafka_topic_partition_list_t& partitions) {
  for (int i = 0; i < partitions.cnt; ++i) {
    const auto known = partitions_.find(partitions.elems[i].partition);
    if (known == partitions_.end()) continue;
    known->second->is_revoked = true;
    known->second->lag.set(0);
    known->second->changed.notify_all();
    partitions_.erase(known);
  }
}

void Consumer::take(const rd_kafka_message_t& message) {
  if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    ports_.telemetry.emit(ClientTrouble{rd_kafka_message_errstr(&message)});
    return;
  }
  const auto known = partitions_.find(message.partition);
  if (known == partitions_.end()) return;  // revoked meanwhile: its next owner reads it
  Partition& partition = *known->second;
  if (partition.next_offset < 0) partition.next_offset = message.offset;
  partition.waiting.push_back(copy_of(message));
  if (partition.waiting.size() >= config_.consumer_queue_max && !partition.is_paused)
    pause(partition, true);
  partition.changed.notify_all();
}

void Consumer::pause(Partition& partition, bool is_pause) {
  const RdPartitions list(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(list.get(), feedback_topic().c_str(), partition.number);
  if (is_pause)
    rd_kafka_pause_partitions(handle_.get(), list.get());
  else
    rd_kafka_resume_partitions(handle_.get(), list.get());
  partition.is_paused = is_pause;
}

/// Lanes of records that are handled at the same time, and who waits for the end of all.
struct Consumer::Joint {
  explicit Joint(runtime::Executor loop) : ended(std::move(loop)) {}
  std::size_t running = 0;
  bool is_settled = true;
  runtime::Notification ended;
};

contracts::Task<void> Consumer::work(PartitionPtr partition) {
  for (;;) {
    while (partition->waiting.empty() && !partition->is_revoked && !is_closing_)
      co_await partition->changed.wait();
    if (partition->is_revoked || is_closing_) co_return;
    const contracts::RecordPlace last = last_of_next(*partition);
    auto lanes = take_lanes(*partition);
    if (partition->is_paused && partition->waiting.size() <= config_.consumer_queue_max / 2)
      pause(*partition, false);
    const bool is_settled = co_await settle_all(partition, std::move(lanes));
    if (!is_settled || partition->is_revoked) co_return;
    partition->next_offset = last.offset + 1;
    store_offset(last);
  }
}

contracts::RecordPlace Consumer::last_of_next(const Partition& partition) {
  const std::size_t count = std::min(partition.waiting.size(), kTogetherMax);
  return partition.waiting[count - 1].place;
}

/// Their effects so share one transaction of the store, and one fsync.
std::vector<Consumer::Lane> Consumer::take_lanes(Partition& partition) {
  std::vector<Lane> lanes;
  std::map<std::string, std::size_t> known;
  for (std::size_t i = 0; i < kTogetherMax && !partition.waiting.empty(); ++i) {
    Inbound record = std::move(partition.waiting.front());
    partition.waiting.pop_front();
    auto event = decode_inbound(record);
    const std::string name = event ? lane_of(*event) : std::string();
    const auto [at, is_new] = known.emplace(name, lanes.size());
    if (is_new) lanes.emplace_back();
    lanes[at->second].push_back({std::move(record), std::move(event)});
  }
  return lanes;
}

contracts::Task<bool> Consumer::settle_all(PartitionPtr partition, std::vector<Lane> lanes) {
  const auto joint = std::make_shared<Joint>(ports_.loop);
  joint->running = lanes.size();
  for (std::size_t i = 1; i < lanes.size(); ++i)
    tasks_.spawn("records", settle_lane(partition, std::move(lanes[i]), joint));
  co_await settle_lane(partition, std::move(lanes.front()), joint);
  while (joint->running > 0) co_await joint->ended.wait();
  co_return joint->is_settled;
}

contracts::Task<void> Consumer::settle_lane(PartitionPtr partition, Lane lane,
                                            std::shared_ptr<Joint> joint) {
  struct Ending {  // also of a lane that is cancelled
    std::shared_ptr<Joint> joint;
    bool is_settled = false;
    explicit Ending(std::shared_ptr<Joint> of) : joint(std::move(of)) {}
    Ending(const Ending&) = delete;
    Ending& operator=(const Ending&) = delete;
    ~Ending() {
      joint->is_settled = joint->is_settled && is_settled;
      --joint->running;
      joint->ended.notify_all();
    }
  };
  Ending ending(std::move(joint));
  for (auto& item : lane) {
    const bool is_settled = co_await settle(partition, item);
    if (!is_settled) co_return;
  }
  ending.is_settled = true;
}

/// Until the effect is stored or the record is set aside; false if the partition was taken away.
contracts::Task<bool> Consumer::settle(PartitionPtr partition, Item& item) {
  Clock::duration pause = std::chrono::milliseconds(50);
  constexpr Clock::duration kPauseMax = std::chrono::seconds(5);
  const Inbound& record = item.record;
  while (!partition->is_revoked && !is_closing_) {
    Result<void> outcome = co_await handle_once(item);
    if (!outcome && can_never_be_handled(outcome.error())) {
      const Error why = outcome.error();
      Inbound copy = record;
      auto aside = ports_.dead_letter(std::move(copy), why);
      outcome = co_await std::move(aside);
      if (outcome)
        ports_.telemetry.emit(DeadLettered{record.place.topic, record.place.partition,
                                           record.place.offset, why.code});
    }
    if (outcome) co_return true;
    ports_.telemetry.emit(HandlerFailed{outcome.error().code});
    const Time again = runtime::deadline_after(pause);
    while (Clock::now() < again && !partition->is_revoked && !is_closing_)
      static_cast<void>(co_await partition->changed.wait_until(again));
    pause = std::min(pause * 2, kPauseMax);
    item.event = decode_inbound(record);  // the handler has had the first one
  }
  co_return false;
}

contracts::Task<Result<void>> Consumer::handle_once(Item& item) {
  if (!item.event) co_return item.event.error();
  contracts::RecordPlace place = item.record.place;
  wire::FeedbackEvent event = std::move(*item.event);
  auto handled = ports_.handler.handle(std::move(event), std::move(place));
  co_return co_await std::move(handled);
}

void Consumer::store_offset(const contracts::RecordPlace& place) {
  if (!handle_) return;
  const RdPartitions list(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(list.get(), place.topic.c_str(), place.partition)->offset =
      place.offset + 1;
  // An error means that the partition has just gone to somebody else, who will see it again.
  static_cast<void>(rd_kafka_offsets_store(handle_.get(), list.get()));
}

void Consumer::measure() {
  if (!handle_) return;
  for (auto& [number, partition] : partitions_) {
    std::int64_t low = 0;
    std::int64_t high = 0;
    const auto code = rd_kafka_get_watermark_offsets(handle_.get(), feedback_topic().c_str(),
                                                     number, &low, &high);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR || high < 0) continue;
    // The end is known from the answers that bring records: none came, none are left.
    const std::int64_t next = partition->next_offset >= 0 ? partition->next_offset : high;
    partition->lag.set(static_cast<double>(std::max<std::int64_t>(high - next, 0)));
  }
}

contracts::Task<void> Consumer::close(Time deadline) {
  is_closing_ = true;
  for (auto& [_, partition] : partitions_) partition->changed.notify_all();
  co_await tasks_.drain(deadline);
  if (!handle_) co_return;
  rd_kafka_error_t* error = rd_kafka_consumer_close_queue(handle_.get(), queue_.get());
  if (error != nullptr) {
    rd_kafka_error_destroy(error);
    co_return;
  }
  // Once begun it must end: its owner would wait for ever for the answer to a rebalance.
  const Time closed_by = std::max(deadline, runtime::deadline_after(std::chrono::seconds(1)));
  while (rd_kafka_consumer_closed(handle_.get()) == 0 && Clock::now() < closed_by) {
    while (drain()) co_await runtime::yield_to_others();
    co_await runtime::pause_for(std::chrono::milliseconds(5));
  }
  drain();
}

RdHandle Consumer::release() {
  if (queue_) rd_kafka_queue_io_event_enable(queue_.get(), -1, nullptr, 0);
  queue_.reset();
  return std::move(handle_);
}

}  // namespace loquat::kafka
