#include "producer.hpp"

namespace loquat::kafka {
namespace {

constexpr std::uint64_t kOne = 1;  // what librdkafka writes into the event descriptor

Report classify(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
      return Report::delivered;
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      return Report::no_topic;
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
      return Report::too_large;
    case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
      return Report::rejected;
    default:
      return Report::failed;
  }
}

bool is_missing_topic(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
         code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC || code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
}

rd_kafka_headers_t* make_headers(const Headers& headers) {
  auto* made = rd_kafka_headers_new(headers.size());
  for (const auto& [name, value] : headers)
    rd_kafka_header_add(made, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                        static_cast<ssize_t>(value.size()));
  return made;
}

}  // namespace

Producer::Producer(RdHandle handle, runtime::Executor loop)
    : wake_(std::move(loop)),
      handle_(std::move(handle)),
      queue_(rd_kafka_queue_get_main(handle_.get())) {
  rd_kafka_queue_io_event_enable(queue_.get(), wake_.fd(), &kOne, sizeof(kOne));
  // It writes only when an empty queue gets its first event, and this one need not be empty any
  // more: without a look at it all later reports would wait behind an early error, unheard.
  wake_.wake();
}
Producer::~Producer() { static_cast<void>(release()); }

RdHandle Producer::release() {
  if (!handle_) return nullptr;
  rd_kafka_queue_io_event_enable(queue_.get(), -1, nullptr, 0);
  queue_.reset();
  rd_kafka_purge(handle_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
                                    RD_KAFKA_PURGE_F_NON_BLOCKING);
  return std::move(handle_);
}

Result<std::unique_ptr<Producer>> Producer::open(const KafkaConfig& config,
                                                 const std::string& servers,
                                                 const std::string& client_id,
                                                 runtime::Executor loop) {
  ConfigPairs settings = connection_settings(config, servers, client_id);
  settings.insert(
      settings.end(),
      {{"enable.idempotence", "true"},
       {"acks", "all"},
       {"compression.type", "lz4"},
       {"linger.ms", "1"},
       // None: one that it gives up alone would stand behind a later one of its key. It keeps the
       // order over its own retries; what it has had for too long is taken back all together.
       {"message.timeout.ms", "0"},
       {"message.max.bytes", "4000000"},
       // Ours is the buffer: theirs only has to hold what we allow in flight.
       {"queue.buffering.max.messages", std::to_string(config.in_flight_max * 2 + 1'000)},
       {"queue.buffering.max.kbytes", "1048576"}});
  auto handle = make_client(RD_KAFKA_PRODUCER, settings, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
  if (!handle) return handle.error();
  return std::unique_ptr<Producer>(new Producer(std::move(*handle), std::move(loop)));
}

std::optional<Report> Producer::send(RecordId id, const OutRecord& record) {
  auto* headers = make_headers(record.headers);
  // librdkafka only reads the payload although it asks for a mutable pointer.
  auto* payload = const_cast<char*>(record.payload.data());
  const auto code = rd_kafka_producev(
      handle_.get(), RD_KAFKA_V_TOPIC(record.topic.c_str()),
      RD_KAFKA_V_KEY(record.key.data(), record.key.size()),
      RD_KAFKA_V_VALUE(payload, record.payload.size()), RD_KAFKA_V_HEADERS(headers),
      RD_KAFKA_V_OPAQUE(reinterpret_cast<void*>(static_cast<std::uintptr_t>(id))), RD_KAFKA_V_END);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
    outstanding_.insert(id);
    return std::nullopt;
  }
  rd_kafka_headers_destroy(headers);
  if (is_missing_topic(code)) missing_topic_ = record.topic;
  const Report report = classify(code);
  if (report == Report::too_large) return Report::rejected;  // by the library: it is so alone
  return report == Report::failed ? Report::not_taken : report;
}

bool Producer::drain(ProducerEvents& to) {
  constexpr int kSlice = 64;  // events; a report event carries many reports, in_flight_max at most
  for (int i = 0; i < kSlice; ++i) {
    const RdEvent event(rd_kafka_queue_poll(queue_.get(), 0));
    if (!event) return false;
    hand_on(event.get(), to);
  }
  return true;
}

void Producer::hand_on(rd_kafka_event_t* event, ProducerEvents& to) {
  if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_DR) {
    while (const rd_kafka_message_t* message = rd_kafka_event_message_next(event)) {
      const auto id = static_cast<RecordId>(reinterpret_cast<std::uintptr_t>(message->_private));
      outstanding_.erase(id);
      if (is_missing_topic(message->err)) missing_topic_ = rd_kafka_topic_name(message->rkt);
      to.on_report(id, classify(message->err));
    }
    return;
  }
  if (rd_kafka_event_type(event) != RD_KAFKA_EVENT_ERROR) return;
  std::string why = rd_kafka_event_error_string(event);
  const auto code = rd_kafka_event_error(event);
  if (code == RD_KAFKA_RESP_ERR__FATAL || rd_kafka_event_error_is_fatal(event) != 0)
    to.on_fatal(std::move(why));
  else if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
    to.on_brokers_down(std::move(why));
  else
    to.on_trouble(std::move(why));
}

}  // namespace loquat::kafka
