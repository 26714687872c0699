#include <deque>
#include <map>

#include "copies.hpp"
#include "event.hpp"
#include "events.hpp"
#include "facts.hpp"
#include "loquat/degradation/health_board.hpp"
#include "loquat/lineage/lineage.hpp"
#include "loquat/semantic/model_index.hpp"
#include "loquat/sql/parser.hpp"
#include "loquat/wire/codec.hpp"
#include "service.hpp"

namespace loquat::lineage {

using contracts::Task;

namespace {

Reading read_statement(const sql::Parser& parser, const std::string& text, sql::Dialect dialect,
                       const ModelFacts* facts) {
  static const sql::Schema kNoSchema;
  auto statement = parser.parse(text, dialect);
  if (!statement) return {{}, {}, "The statement could not be read as one SELECT."};
  return {sql::trace_columns(*statement, facts != nullptr ? facts->schema : kNoSchema),
          std::move(statement->fingerprint),
          {}};
}

}  // namespace

Service::Service(LineageConfig config, Ports ports)
    : config_(std::move(config)),
      ports_(std::move(ports)),
      tasks_(ports_.executor, "lineage", ports_.telemetry),
      copies_(config_, ports_) {
  readings_found_ = ports_.telemetry.metrics().counter(
      "loquat_lineage_statement_hits_total", "Turns whose statement had been read before.");
}

void Service::start() {
  if (copies_.is_wanted()) tasks_.spawn("lineage.copies", copies_.run());
}

Task<void> Service::stop(Time deadline) {
  co_await reading_.close(deadline);
  co_await tasks_.close();
  copies_.give_up();
}

void Service::on_turn_finished(std::shared_ptr<const contracts::TurnFinished> turn) {
  const bool has_statement =
      turn->answer && turn->answer->sql && !turn->answer->sql->empty() && turn->answer->query_id;
  if (!has_statement) return;
  auto pass = reading_.enter();
  if (!pass || reading_.inside() > config_.pending_max) {
    ports_.telemetry.emit(EventDropped{pass ? DropReason::too_many_pending : DropReason::stopped});
    return;
  }
  tasks_.spawn("lineage.read", record(std::move(turn), std::move(*pass)));
}

Task<void> Service::record(std::shared_ptr<const contracts::TurnFinished> turn,
                           [[maybe_unused]] runtime::Gate::Pass pass) {  // held to the end
  const auto facts = co_await facts_of(turn->model);
  const auto reading = co_await reading_of(turn, facts);
  if (!reading) {
    ports_.telemetry.emit(EventDropped{DropReason::too_many_pending});
    co_return;
  }
  auto event = std::make_shared<wire::LineageEvent>(build_event(*turn, *reading, facts.get()));
  event->event_id = make_id(wire::LineageEvent::kPrefix, ports_.sources);
  event->timestamp = ports_.sources.wall.now();
  remember(*event);
  ports_.publisher.offer(*event);
  if (copies_.is_wanted()) copies_.offer({*event, turn->principal, turn->context});
  contracts::TraceStore::Item item{event->tenant_id,
                                   event->user_id.value_or(""),
                                   event->trace_id.value_or(""),
                                   "lineage",
                                   event->query_id,
                                   wire::encode(*event),
                                   event->timestamp};
  std::vector<contracts::TraceStore::Item> items;
  items.push_back(std::move(item));
  const auto stored = co_await ports_.store.put(std::move(items));
  if (!stored) ports_.telemetry.emit(StoreFailed{stored.error().code});
}

Task<std::shared_ptr<const Reading>> Service::reading_of(
    std::shared_ptr<const contracts::TurnFinished> turn, std::shared_ptr<const ModelFacts> facts) {
  CacheKey key;
  key.add(turn->answer->dialect.value_or("duckdb")).add(facts ? facts->version : std::string());
  std::string text = key.add(*turn->answer->sql).take();
  if (auto known = readings_.find(text)) {
    readings_found_.add();
    co_return known;
  }
  auto work = [this, turn, facts] {
    const auto dialect = enum_from<sql::Dialect>(turn->answer->dialect.value_or("duckdb"))
                             .value_or(sql::Dialect::duckdb);
    return std::make_shared<const Reading>(
        read_statement(ports_.parser, *turn->answer->sql, dialect, facts.get()));
  };
  auto reading = co_await ports_.pool.run(std::move(work));
  if (!reading) co_return nullptr;
  // Its parts name tables and columns of the statement, each a few times.
  const std::size_t weight = 4096 + 4 * turn->answer->sql->size();
  readings_.put(std::move(text), *reading, weight);
  co_return *reading;
}

void Service::remember(const wire::LineageEvent& event) {
  RecentQuery query{event.tenant_id, event.user_id.value_or(""), event.query_id, {}};
  for (const wire::LineageSource& source : event.sources)
    query.tables.push_back(lower(source.table));
  recent_.push_back(std::move(query));
  while (recent_.size() > config_.recent_queries_max) recent_.pop_front();
}

Task<std::shared_ptr<const ModelFacts>> Service::facts_of(
    std::shared_ptr<const contracts::ModelSnapshot> model) {
  if (!model || !model->index) co_return nullptr;
  if (facts_ && facts_->version == model->version) co_return facts_;
  auto work = [model] {
    auto made = std::make_shared<ModelFacts>(model->index->project());
    made->version = model->version;
    return std::shared_ptr<const ModelFacts>(std::move(made));
  };
  auto made = co_await ports_.pool.run(std::move(work));
  if (!made) co_return nullptr;
  facts_ = *made;
  co_return facts_;
}

std::unique_ptr<Lineage> make_lineage(LineageConfig config, Ports ports) {
  // Before the service: its guard reports to this entry.
  ports.board.add("lineage", "Its copy of lineage events is dropped; the topic has them.",
                  config.url.empty() ? degradation::Health::disabled : degradation::Health::up);
  return std::make_unique<Service>(std::move(config), std::move(ports));
}

}  // namespace loquat::lineage
