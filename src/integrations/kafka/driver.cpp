#include "driver.hpp"

#include <algorithm>
#include <fstream>

#include "events.hpp"
#include "loquat/wire/codec.hpp"

namespace loquat::kafka {

using contracts::Receipt;
using contracts::Task;
using degradation::BreakerState;

namespace {

int lowest_kept_rank() {
  int rank = 1 << 30;
  for (const auto& info : wire::topic_table())
    if (info.keep == wire::Keep::always) rank = std::min(rank, info.value_rank);
  return rank;
}

OutboxLimits limits_of(const KafkaConfig& config, const SpoolConfig& spool) {
  OutboxLimits limits;
  limits.buffer.events_max = config.buffer.max_events;
  limits.buffer.bytes_max = config.buffer.max_bytes;
  limits.buffer.policy = degradation::FullPolicy::drop_lowest;
  limits.buffer.keep_rank = lowest_kept_rank();
  limits.in_flight_max = config.in_flight_max;
  limits.ack_wait = config.ack_wait_ms;
  limits.silence = std::max<Clock::duration>(std::chrono::seconds(1), config.ack_wait_ms * 15);
  limits.take_back = config.delivery_timeout;
  limits.breaker.pause = config.breaker_pause;
  limits.breaker.pause_max = config.breaker_pause_max;
  limits.has_spool = !spool.path.empty();
  limits.is_forgetful = config.bootstrap_servers.empty();
  return limits;
}

}  // namespace

struct Driver::Waiter {
  explicit Waiter(runtime::Executor loop) : changed(std::move(loop)) {}
  std::optional<Result<Receipt>> outcome;
  runtime::Notification changed;
};

Driver::Driver(KafkaConfig config, SpoolConfig spool, KafkaPorts ports)
    : config_(std::move(config)),
      spool_config_(std::move(spool)),
      ports_(std::move(ports)),
      source_("/loquat/" + ports_.instance),
      servers_(config_.bootstrap_servers),
      spool_pool_(ports_.loop, {.name = "spool", .threads = 1, .queue_max = 16}, ports_.telemetry),
      slow_pool_(ports_.loop, {.name = "kafka", .threads = 1, .queue_max = 16}, ports_.telemetry),
      outbox_(limits_of(config_, spool_config_)),
      spool_wanted_(ports_.loop),
      time_changed_(ports_.loop),
      progressed_(ports_.loop),
      topic_metrics_(ports_.telemetry.metrics()),
      tasks_(ports_.loop, "kafka", ports_.telemetry),
      reader_(ports_.loop, spool_pool_, tasks_, source_) {
  ports_.board.add("kafka",
                   "Events wait in memory and, where a spool is set, on disk; the least valuable "
                   "are dropped first.");
  auto& metrics = ports_.telemetry.metrics();
  held_ = metrics.gauge("loquat_kafka_held_events", "Events that wait in memory or on disk.");
  spooled_ = metrics.gauge("loquat_kafka_spooled_events", "Events on disk.");
  in_flight_ = metrics.gauge("loquat_kafka_unreported_events", "Events offered, not reported.");
}
Driver::~Driver() = default;

// ---- publishing
// ------------------------------------------------------------------------------------------------

Task<Result<Receipt>> Driver::publish(wire::Event event) {
  OutRecord record = make_record(event, wire::encode_event(event), source_);
  return publish_record(std::move(record));
}

Task<Result<Receipt>> Driver::publish_record(OutRecord record) {
  if (!is_started_) co_return fail(Errc::buffer_full, "Events are not taken now.");
  const Ticket ticket = outbox_.publish(std::move(record), Clock::now());
  auto waiter = std::make_shared<Waiter>(ports_.loop);
  waiters_.emplace(ticket, waiter);
  run_actions();
  while (!waiter->outcome) co_await waiter->changed.wait();
  co_return std::move(*waiter->outcome);
}

void Driver::offer(wire::Event event) {
  std::string json = wire::encode_event(event);
  offer_encoded(std::move(event), std::move(json));
}

void Driver::offer_encoded(wire::Event event, std::string json) {
  if (!is_started_) return;
  outbox_.offer(make_record(event, std::move(json), source_), Clock::now());
  run_actions();
}

void Driver::settled(const std::string& event_id) {
  outbox_.settled(event_id);
  run_actions();
}

// ---- carrying out what the outbox decides
// ------------------------------------------------------------------------------------------------

void Driver::run_actions() {
  if (is_acting_) return;  // what is added meanwhile is carried out by the loop below
  is_acting_ = true;
  for (auto actions = outbox_.take_actions(); !actions.empty(); actions = outbox_.take_actions()) {
    is_refusing_ = false;
    missing_.clear();
    for (auto& action : actions) act(std::move(action));
  }
  is_acting_ = false;
  if (outbox_.breaker() != last_breaker_) report_state();
  const auto wake = outbox_.next_wake();
  if (wake && (!armed_ || *wake < *armed_)) time_changed_.notify_all();
  progressed_.notify_all();
}

void Driver::act(Action action) {
  if (const auto* send = std::get_if<Send>(&action)) {
    // After one that was not taken, what was decided with it is not offered: it could overtake.
    const bool may_send = producer_ && are_topics_ready_ && !is_refusing_;
    const bool is_missing = missing_.contains(send->record->topic);
    auto refused = std::optional(is_missing ? Report::no_topic : Report::not_taken);
    if (may_send && !is_missing) refused = producer_->send(send->id, *send->record);
    is_refusing_ = is_refusing_ || refused == Report::not_taken;
    if (refused == Report::no_topic) missing_.insert(send->record->topic);
    if (refused) outbox_.reported(send->id, *refused, Clock::now());
  } else if (auto* resolve = std::get_if<Resolve>(&action)) {
    const auto known = waiters_.find(resolve->ticket);
    if (known == waiters_.end()) return;  // nobody waits for an offered one
    known->second->outcome = std::move(resolve->outcome);
    known->second->changed.notify_all();
    waiters_.erase(known);
  } else if (const auto* lost = std::get_if<Lost>(&action)) {
    note_loss(*lost);
  } else if (std::holds_alternative<TakeBack>(action)) {
    must_replace_ = true;
    if (producer_) producer_->wake();
  } else {
    if (auto* append = std::get_if<Append>(&action)) spool_jobs_.emplace_back(std::move(*append));
    if (auto* read = std::get_if<ReadSpool>(&action)) spool_jobs_.emplace_back(*read);
    if (auto* done = std::get_if<Acknowledge>(&action)) {
      auto* last = spool_jobs_.empty() ? nullptr : std::get_if<Acknowledge>(&spool_jobs_.back());
      if (last != nullptr)
        last->positions.insert(last->positions.end(), done->positions.begin(),
                               done->positions.end());
      else
        spool_jobs_.emplace_back(std::move(*done));
    }
    spool_wanted_.notify_all();
  }
}

void Driver::note_loss(const Lost& lost) {
  if (lost.was_rejected) {
    ports_.telemetry.emit(EventRejected{lost.topic});
  } else if (const auto topic = enum_from<wire::Topic>(lost.topic)) {
    ports_.telemetry.emit(EventDropped{*topic});
  }
}

void Driver::report_state() {
  const auto totals = outbox_.totals();
  const BreakerState now = outbox_.breaker();
  if (now == BreakerState::closed && last_breaker_ != BreakerState::closed) {
    ports_.telemetry.emit(BrokerBack{totals.held});
    came_back_ = true;
    last_error_.clear();
  }
  if (now != BreakerState::closed && last_breaker_ == BreakerState::closed) {
    if (last_error_.empty()) last_error_ = "The broker acknowledges nothing.";
    ports_.telemetry.emit(BrokerAway{last_error_});
  }
  last_breaker_ = now;
  ports_.board.set_breaker("kafka", now);
  const auto resting = outbox_.resting_topics();
  const bool is_up = now == BreakerState::closed && resting.empty();
  const std::string why =
      resting.empty() ? last_error_ : "The broker has no topic " + resting.front() + " for us.";
  ports_.board.set("kafka", is_up ? degradation::Health::up : degradation::Health::degraded,
                   is_up ? std::string() : why);
  degradation::HealthBoard::Depth depth;
  depth.buffered = totals.held;
  depth.capacity = config_.buffer.max_events;
  depth.dropped_total = totals.dropped;
  depth.spooled = outbox_.spooled();
  ports_.board.set_depth("kafka", depth);
  held_.set(static_cast<double>(totals.held));
  spooled_.set(static_cast<double>(depth.spooled));
  in_flight_.set(static_cast<double>(outbox_.in_flight()));
  topic_metrics_.show(outbox_.topics(), ports_.sources.wall.now());
}

Accounting Driver::accounting() const {
  const auto totals = outbox_.totals();
  return {totals.offered, totals.delivered, totals.dropped,
          totals.refused, totals.held,      outbox_.spooled()};
}

// ---- what the producer tells
// ------------------------------------------------------------------------------------------------

void Driver::on_report(RecordId id, Report report) {
  if (report == Report::failed && last_error_.empty()) last_error_ = "A delivery failed.";
  outbox_.reported(id, report, Clock::now());
}
void Driver::on_brokers_down(std::string why) {
  // What came before says why (refused credentials, an unknown name); this only that.
  if (last_error_.empty()) last_error_ = std::move(why);
  outbox_.brokers_down(Clock::now());
}
void Driver::on_trouble(std::string why) {
  last_error_ = why;
  ports_.telemetry.emit(ClientTrouble{std::move(why)});
}
void Driver::on_fatal(std::string why) {
  ports_.telemetry.emit(ProducerRestarted{why});
  last_error_ = std::move(why);
  must_replace_ = true;
}

/// An idempotent producer that has lost its place in the sequence cannot send any more; and one
/// that has found no broker for long gives back what it has. All that it has not reported is sent
/// again by the next one, in order: copies are possible, losses are not.
Task<void> Driver::replace_producer() {
  const auto unreported = producer_->outstanding();
  RdHandle old = producer_->release();
  producer_.reset();
  co_await end_of(std::move(old));  // until then it may read the records' bytes
  while (!producer_) {
    auto opened = Producer::open(config_, servers_, "loquat-" + ports_.instance, ports_.loop);
    if (opened)
      producer_ = std::move(*opened);
    else
      co_await runtime::pause_for(std::chrono::seconds(1));
  }
  must_replace_ = false;
  std::vector<RecordId> ids(unreported.begin(), unreported.end());
  std::ranges::sort(ids);
  for (const RecordId id : ids) outbox_.reported(id, Report::failed, Clock::now());
}

Task<void> Driver::end_of(RdHandle handle) {
  auto work = [old = std::shared_ptr<rd_kafka_t>(std::move(handle))]() mutable { old.reset(); };
  auto done = slow_pool_.run(std::move(work));
  static_cast<void>(co_await std::move(done));
}

// ---- loops
// ------------------------------------------------------------------------------------------------

Task<void> Driver::report_loop() {
  for (;;) {
    bool has_more = true;
    while (has_more) {
      has_more = producer_->drain(*this);
      if (must_replace_) co_await replace_producer();
      run_actions();
      if (has_more) co_await runtime::yield_to_others();
    }
    co_await producer_->wait();
  }
}

Task<void> Driver::timer_loop() {
  for (;;) {
    armed_ = outbox_.next_wake();
    if (!armed_) {
      co_await time_changed_.wait();
      continue;
    }
    const Time at = *armed_;
    const bool was_changed = co_await time_changed_.wait_until(at);
    if (was_changed) continue;
    outbox_.tick(Clock::now());
    run_actions();
    // The outbox may want the same moment again, e.g. while a probe is out.
    if (outbox_.next_wake() && *outbox_.next_wake() <= Clock::now())
      co_await runtime::pause_for(std::chrono::milliseconds(5));
  }
}

Task<void> Driver::health_loop() {
  for (;;) {
    report_state();
    if (consumer_) {
      consumer_->measure();
      consumer_->look();
    }
    const bool is_away = outbox_.breaker() != BreakerState::closed;
    // With nothing to send there is no probe, and health would never turn well again.
    const bool may_look = producer_ && are_topics_ready_ && outbox_.in_flight() == 0;
    if (is_away && may_look) co_await look_for_brokers();
    co_await runtime::pause_for(std::chrono::seconds(1));
  }
}

Task<void> Driver::look_for_brokers() {
  // The handle stays while this runs: its end would wait in the same pool of one thread.
  auto work = [handle = producer_->handle()] {
    const rd_kafka_metadata_t* metadata = nullptr;
    constexpr int kWaitMs = 1'000;
    const auto code = rd_kafka_metadata(handle, 0, nullptr, &metadata, kWaitMs);
    if (metadata != nullptr) rd_kafka_metadata_destroy(metadata);
    return code == RD_KAFKA_RESP_ERR_NO_ERROR;
  };
  auto done = slow_pool_.run(std::move(work));
  const auto is_back = co_await std::move(done);
  if (!is_back || !*is_back) co_return;
  outbox_.brokers_up(Clock::now());
  run_actions();
}

Task<void> Driver::spool_loop() {
  for (;;) {
    while (spool_jobs_.empty()) co_await spool_wanted_.wait();
    SpoolJob job = std::move(spool_jobs_.front());
    spool_jobs_.pop_front();
    if (auto* append = std::get_if<Append>(&job)) {
      co_await do_append(std::move(*append));
    } else if (auto* read = std::get_if<ReadSpool>(&job)) {
      co_await do_read(*read);
    } else {
      co_await do_acknowledge(std::move(std::get<Acknowledge>(job)));
    }
    run_actions();
  }
}

Task<void> Driver::do_append(Append job) {
  auto work = [spool = spool_.get(), records = job.records] { return spool->append(*records); };
  auto done = spool_pool_.run(std::move(work));
  auto positions = co_await std::move(done);
  if (!positions) ports_.telemetry.emit(SpoolFailed{positions.error().detail});
  outbox_.appended(std::move(positions), Clock::now());
}

Task<void> Driver::do_read(ReadSpool job) {
  auto reading = reader_.read(*spool_, job);
  auto records = co_await std::move(reading);
  if (!records) ports_.telemetry.emit(SpoolFailed{records.error().detail});
  outbox_.read(std::move(records), Clock::now());
}

Task<void> Driver::do_acknowledge(Acknowledge job) {
  reader_.acknowledged(job.positions);
  auto work = [spool = spool_.get(), positions = std::move(job.positions)] {
    return spool->acknowledge(positions);
  };
  auto done = spool_pool_.run(std::move(work));
  const auto outcome = co_await std::move(done);
  // The records would be sent once more after a restart: copies, no loss.
  if (!outcome) ports_.telemetry.emit(SpoolFailed{outcome.error().detail});
}

}  // namespace loquat::kafka
