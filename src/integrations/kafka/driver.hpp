#pragma once
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>

#include "consumer.hpp"
#include "embedded_broker.hpp"
#include "loquat/degradation/health_board.hpp"
#include "loquat/degradation/spool.hpp"
#include "loquat/kafka/kafka.hpp"
#include "loquat/runtime/runtime.hpp"
#include "producer.hpp"
#include "spool_reader.hpp"
#include "topic_metrics.hpp"

namespace loquat::kafka {

/// Does what the outbox decides: sends, writes, wakes who waits. Loop thread only.
class Driver final : public Kafka, public contracts::EventPublisher, private ProducerEvents {
 public:
  Driver(KafkaConfig config, SpoolConfig spool, KafkaPorts ports);
  ~Driver() override;

  contracts::EventPublisher& publisher() override { return *this; }
  void set_handler(contracts::FeedbackHandler& handler) override { handler_ = &handler; }
  contracts::Task<Result<void>> start() override;
  contracts::Task<void> stop(Time deadline) override;
  void settled(const std::string& event_id) override;
  bool is_embedded() const override { return config_.bootstrap_servers.empty(); }
  std::string bootstrap_servers() const override { return servers_; }
  Accounting accounting() const override;

  contracts::Task<Result<contracts::Receipt>> publish(wire::Event event) override;
  void offer(wire::Event event) override;
  void offer_encoded(wire::Event event, std::string json) override;

 private:
  struct Waiter;
  using SpoolJob = std::variant<Append, ReadSpool, Acknowledge>;

  void on_report(RecordId id, Report report) override;
  void on_brokers_down(std::string why) override;
  void on_trouble(std::string why) override;
  void on_fatal(std::string why) override;

  [[nodiscard]] contracts::Task<Result<contracts::Receipt>> publish_record(OutRecord record);
  [[nodiscard]] contracts::Task<Result<void>> dead_letter(Inbound record, Error why);
  void run_actions();
  void act(Action action);
  void note_loss(const Lost& lost);
  void report_state();
  [[nodiscard]] contracts::Task<Result<void>> open_spool();
  [[nodiscard]] contracts::Task<Result<void>> open_broker();
  [[nodiscard]] Result<void> start_consumer();
  [[nodiscard]] contracts::Task<void> replace_producer();
  [[nodiscard]] contracts::Task<void> end_of(RdHandle handle);

  [[nodiscard]] contracts::Task<void> report_loop();
  [[nodiscard]] contracts::Task<void> spool_loop();
  [[nodiscard]] contracts::Task<void> timer_loop();
  [[nodiscard]] contracts::Task<void> health_loop();
  [[nodiscard]] contracts::Task<void> topics_loop();
  [[nodiscard]] contracts::Task<Result<void>> make_topics(std::chrono::milliseconds wait);
  [[nodiscard]] contracts::Task<void> check_topics();
  [[nodiscard]] bool misses_topics();
  [[nodiscard]] contracts::Task<void> look_for_brokers();
  [[nodiscard]] contracts::Task<void> do_append(Append job);
  [[nodiscard]] contracts::Task<void> do_read(ReadSpool job);
  [[nodiscard]] contracts::Task<void> do_acknowledge(Acknowledge job);
  [[nodiscard]] contracts::Task<void> wait_until_settled(Time deadline, bool only_writes);

  const KafkaConfig config_;
  const SpoolConfig spool_config_;
  KafkaPorts ports_;
  const std::string source_;
  std::string servers_;
  contracts::FeedbackHandler* handler_ = nullptr;
  runtime::WorkerPool spool_pool_;  // one thread: the spool's calls follow each other
  runtime::WorkerPool slow_pool_;   // what blocks in the client library
  std::unique_ptr<degradation::Spool> spool_;
  std::unique_ptr<EmbeddedBroker> broker_;
  Outbox outbox_;  // holds the bytes that the producer reads: it outlives it
  std::unique_ptr<Producer> producer_;
  std::unique_ptr<Consumer> consumer_;
  std::unordered_map<Ticket, std::shared_ptr<Waiter>> waiters_;
  std::deque<SpoolJob> spool_jobs_;
  runtime::Notification spool_wanted_;
  runtime::Notification time_changed_;
  runtime::Notification progressed_;
  std::optional<Time> armed_;
  bool is_acting_ = false;
  std::set<std::string> missing_;  // topics, as far as this batch of actions knows
  bool is_refusing_ = false;       // the client library took none of one of these actions
  bool must_replace_ = false;
  bool is_started_ = false;
  bool came_back_ = false;         // the broker, since its topics were last made
  bool are_topics_ready_ = false;  // before that a send would let the broker make them its own way
  std::string last_error_;
  degradation::BreakerState last_breaker_ = degradation::BreakerState::closed;
  observability::Gauge held_, spooled_, in_flight_;
  TopicMetrics topic_metrics_;
  observability::Histogram delivery_;
  runtime::TaskGroup tasks_;
  SpoolReader reader_;
};

}  // namespace loquat::kafka
