#pragma once
#include <boost/unordered/unordered_flat_set.hpp>
#include <functional>
#include <string>
#include <utility>

#include "client.hpp"
#include "loquat/runtime/event_loop.hpp"
#include "outbox_fsm.hpp"

namespace loquat::kafka {

/// What the client library tells, on the loop.
class ProducerEvents {
 public:
  virtual ~ProducerEvents() = default;
  virtual void on_report(RecordId id, Report report) = 0;
  virtual void on_brokers_down(std::string why) = 0;
  virtual void on_trouble(std::string why) = 0;
  /// The idempotent producer cannot go on: it must be replaced.
  virtual void on_fatal(std::string why) = 0;
};

/// librdkafka's producer: events instead of callbacks, drained by the loop.
class Producer {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Producer>> open(const KafkaConfig& config,
                                                              const std::string& servers,
                                                              const std::string& client_id,
                                                              runtime::Executor loop);
  ~Producer();
  Producer(const Producer&) = delete;
  Producer& operator=(const Producer&) = delete;

  /// The record's bytes are not copied: it stays until its report. Nothing, or why it was not
  /// taken.
  [[nodiscard]] std::optional<Report> send(RecordId id, const OutRecord& record);
  /// Until there may be something to drain; the first wait ends at once.
  [[nodiscard]] runtime::Task<void> wait() { return wake_.wait(); }
  /// Ends a wait although nothing happened here.
  void wake() noexcept { wake_.wake(); }
  /// Hands on what has happened, a slice of it; true if there may be more.
  bool drain(ProducerEvents& to);
  /// Everything that was sent and not reported.
  [[nodiscard]] const boost::unordered_flat_set<RecordId>& outstanding() const {
    return outstanding_;
  }
  /// A topic that the broker does not have, if one was missed since the last call.
  [[nodiscard]] std::string take_missing_topic() { return std::exchange(missing_topic_, {}); }
  /// For calls that block, on the worker thread that will also end it.
  [[nodiscard]] rd_kafka_t* handle() const { return handle_.get(); }
  /// The handle, for its end on a worker thread (it may block). Nothing is told any more.
  [[nodiscard]] RdHandle release();

 private:
  Producer(RdHandle handle, runtime::Executor loop);
  void hand_on(rd_kafka_event_t* event, ProducerEvents& to);
  runtime::EventFd wake_;
  RdHandle handle_;
  RdQueue queue_;
  boost::unordered_flat_set<RecordId> outstanding_;
  std::string missing_topic_;
};

}  // namespace loquat::kafka
