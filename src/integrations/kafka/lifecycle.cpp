#include <fstream>

#include "driver.hpp"
#include "events.hpp"

/// Start and stop of the room.
namespace loquat::kafka {
namespace {
constexpr std::chrono::milliseconds kLeast{2'500};
}

using contracts::Task;

std::unique_ptr<Kafka> make_kafka(KafkaConfig config, SpoolConfig spool, KafkaPorts ports) {
  return std::make_unique<Driver>(std::move(config), std::move(spool), std::move(ports));
}

Task<Result<void>> Driver::start() {
  Result<void> ready = co_await open_spool();
  if (ready) ready = co_await open_broker();
  if (!ready) co_return ready;
  auto opened = Producer::open(config_, servers_, "loquat-" + ports_.instance, ports_.loop);
  if (!opened) co_return opened.error();
  producer_ = std::move(*opened);
  is_started_ = true;
  tasks_.spawn("reports", report_loop());
  tasks_.spawn("timer", timer_loop());
  tasks_.spawn("health", health_loop());
  if (spool_) {
    tasks_.spawn("spool", spool_loop());
    const auto stats = spool_->stats();
    if (stats.records + stats.skipped + stats.truncated > 0)
      ports_.telemetry.emit(SpoolRecovered{stats.records, stats.skipped, stats.truncated});
    topic_metrics_.lost_unknown(stats.skipped);
    outbox_.recovered(stats.found, Clock::now());  // nothing is published before
  }
  are_topics_ready_ = is_embedded() || !config_.create_topics;
  if (!is_embedded()) tasks_.spawn("topics", topics_loop());
  if (!are_topics_ready_) {
    // A broker that is there takes well under a second; one that is not must not hold the start.
    const Time at = runtime::deadline_after(std::chrono::seconds(2));
    while (!are_topics_ready_ && Clock::now() < at)
      static_cast<void>(co_await progressed_.wait_until(at));
  }
  outbox_.tick(Clock::now());
  run_actions();
  co_return start_consumer();
}

Task<Result<void>> Driver::open_spool() {
  if (spool_config_.path.empty()) co_return Result<void>{};
  degradation::SpoolLimits limits;
  limits.bytes_max = spool_config_.max_bytes;
  limits.segment_bytes = spool_config_.segment_bytes;
  limits.reserved_share = spool_config_.audit_share;
  auto work = [path = std::filesystem::path(spool_config_.path), limits] {
    return degradation::Spool::open(path, limits);
  };
  auto done = spool_pool_.run(std::move(work));
  auto opened = co_await std::move(done);
  if (!opened) co_return opened.error();
  spool_ = std::move(*opened);
  co_return Result<void>{};
}

Task<Result<void>> Driver::open_broker() {
  if (!is_embedded()) co_return Result<void>{};
  auto work = [] { return EmbeddedBroker::start(); };
  auto done = slow_pool_.run(std::move(work));
  auto started = co_await std::move(done);
  if (!started) co_return started.error();
  broker_ = std::move(*started);
  servers_ = broker_->bootstrap_servers();
  std::error_code ignored;
  std::filesystem::create_directories(ports_.var_dir, ignored);
  std::ofstream(ports_.var_dir / "loquat.kafka") << servers_ << '\n';
  ports_.telemetry.emit(EmbeddedBrokerStarted{servers_});
  co_return Result<void>{};
}

Result<void> Driver::start_consumer() {
  if (handler_ == nullptr) return {};
  ConsumerPorts ports{ports_.loop, ports_.telemetry, *handler_, [this](Inbound record, Error why) {
                        return dead_letter(std::move(record), std::move(why));
                      }};
  consumer_ = std::make_unique<Consumer>(config_, std::move(ports));
  auto opened = consumer_->open(servers_, "loquat-" + ports_.instance);
  if (!opened) return opened;
  tasks_.spawn("consumer", consumer_->run());
  return {};
}

Task<void> Driver::wait_until_settled(Time deadline, bool only_writes) {
  for (;;) {
    const bool is_done = only_writes ? !outbox_.is_writing() : outbox_.is_idle();
    if (is_done || Clock::now() >= deadline) co_return;
    static_cast<void>(co_await progressed_.wait_until(deadline));
  }
}

Task<void> Driver::stop(Time deadline) {
  if (!is_started_) co_return;
  // However late it is: what was promised must get to the disk, and a consumer that has begun to
  // leave its group must end that. A fifth of what is left is for the disk.
  deadline = std::max(deadline, runtime::deadline_after(kLeast));
  const auto left = runtime::remaining(deadline);
  const Time flushed_by = Clock::now() + left / 5 * 3;
  const Time written_by = Clock::now() + left / 5 * 4;
  if (consumer_) co_await consumer_->close(flushed_by);
  // While the broker is away there is nothing to wait for: the disk is as good now as later.
  if (outbox_.breaker() == degradation::BreakerState::closed)
    co_await wait_until_settled(flushed_by, false);
  is_started_ = false;
  outbox_.stow();
  run_actions();
  co_await wait_until_settled(written_by, true);
  while (!spool_jobs_.empty() && Clock::now() < written_by)
    static_cast<void>(co_await progressed_.wait_until(written_by));
  co_await tasks_.close();
  report_state();
  if (producer_) {
    RdHandle handle = producer_->release();
    producer_.reset();
    co_await end_of(std::move(handle));
  }
  if (consumer_) {
    RdHandle handle = consumer_->release();
    if (handle) co_await end_of(std::move(handle));
  }
  auto work = [broker = std::shared_ptr<EmbeddedBroker>(std::move(broker_))]() mutable {
    broker.reset();
  };
  auto done = slow_pool_.run(std::move(work));
  static_cast<void>(co_await std::move(done));
  consumer_.reset();
  co_await spool_pool_.stop();
  co_await slow_pool_.stop();
  spool_.reset();
}

/// A broker may lose its topics while we run, or come back without any: they are made again.
Task<void> Driver::topics_loop() {
  while (!are_topics_ready_) {
    const auto made = co_await make_topics(std::chrono::seconds(10));
    // Who may not create topics uses those that somebody else has made.
    if (made || made.error().code == Errc::forbidden) {
      are_topics_ready_ = true;
      outbox_.brokers_up(Clock::now());
      run_actions();
    }
    if (made) break;
    on_trouble(made.error().detail);
    if (are_topics_ready_) break;
    co_await runtime::pause_for(std::chrono::seconds(1));
  }
  co_await check_topics();
  for (;;) {
    co_await runtime::pause_for(std::chrono::seconds(3));
    if (!misses_topics() || !config_.create_topics) continue;
    const auto made = co_await make_topics(std::chrono::seconds(2));
    // That no broker answers is known already.
    if (!made && made.error().code == Errc::forbidden) on_trouble(made.error().detail);
  }
}

bool Driver::misses_topics() {
  const std::string missing = producer_ ? producer_->take_missing_topic() : std::string();
  if (!missing.empty()) on_trouble("The broker has no topic " + missing + ".");
  const bool is_away = outbox_.breaker() != degradation::BreakerState::closed;
  return std::exchange(came_back_, false) || is_away || !missing.empty();
}

Task<Result<void>> Driver::make_topics(std::chrono::milliseconds wait) {
  // A client of its own: the producer may be replaced meanwhile.
  auto work = [settings = connection_settings(config_, servers_, "loquat-admin"),
               replication = config_.replication_factor,
               wait]() -> Result<std::vector<std::string>> {
    auto admin = make_client(RD_KAFKA_PRODUCER, settings, 0);
    if (!admin) return admin.error();
    return create_topics(admin->get(), replication, wait);
  };
  auto done = slow_pool_.run(std::move(work));
  const auto created = co_await std::move(done);
  if (!created) co_return created.error();
  std::string names;
  for (const auto& name : *created) names += (names.empty() ? "" : ", ") + name;
  if (!names.empty()) ports_.telemetry.emit(TopicsCreated{std::move(names)});
  co_return Result<void>{};
}

/// Once a start: topics that somebody else has made are said to differ, and used as they are.
Task<void> Driver::check_topics() {
  for (;;) {
    auto work = [settings = connection_settings(
                     config_, servers_, "loquat-admin")]() -> Result<std::vector<std::string>> {
      auto admin = make_client(RD_KAFKA_PRODUCER, settings, 0);
      if (!admin) return admin.error();
      return find_deviations(admin->get());
    };
    auto done = slow_pool_.run(std::move(work));
    const auto found = co_await std::move(done);
    if (found) {
      for (const auto& deviation : *found) ports_.telemetry.emit(TopicDiffers{deviation});
      co_return;
    }
    if (found.error().code != Errc::unavailable) co_return;  // who may not look does not know
    co_await runtime::pause_for(std::chrono::seconds(5));
  }
}

}  // namespace loquat::kafka
