#include <algorithm>

#include "loquat/wire/codec.hpp"
#include "progress.hpp"

namespace loquat::conversation {

namespace asio = boost::asio;
using contracts::Task;

void Service::start_turn(const SessionPtr& session, const TurnPtr& turn) {
  turns_.spawn("turn", run_turn(session, turn));
}

Task<void> Service::run_turn(SessionPtr session, TurnPtr turn) {
  // What a drain cancels is the waiting inside; the turn itself always says goodbye.
  co_await asio::this_coro::throw_if_cancelled(false);
  std::string bug;
  try {
    co_await drive(session, turn);
  } catch (const std::exception& error) {
    bug = error.what();
  }
  if (!turn->answer)
    finish_waiting(session, turn, fail(Errc::internal, "The answer was not finished."));
  const auto next = session->queue.finished();
  if (next && !session->is_closed) start_turn(session, session->turns.at(*next));
  if (!bug.empty()) throw std::runtime_error(bug);
}

void Service::finish_waiting(const SessionPtr& session, const TurnPtr& turn, Error why) {
  agents::TurnInput input = input_of(*session, *turn, {});
  agents::Orchestrator machine(std::move(input), ports_.sources.random);
  for (auto& action : machine.stopped(std::move(why), now_of(ports_.sources))) {
    if (auto* emit = std::get_if<agents::Emit>(&action)) append(session, turn.get(), emit->payload);
    if (auto* finish = std::get_if<agents::Finish>(&action)) turn->answer = finish->answer;
  }
  session->answered.notify_all();
  turns_.spawn("keep message", keep_message(session, turn, turn->answer.get(), nullptr));
}

Task<void> Service::keep_message(SessionPtr session, TurnPtr turn, const wire::Answer* answer,
                                 const agents::LastQuery* last) {
  if (session->is_removed) co_return;
  contracts::SessionStore::MessageRecord record;
  record.tenant_id = session->info.tenant_id;
  record.user_id = session->info.user_id;
  record.session_id = session->info.session_id;
  record.message_id = turn->message_id;
  record.content = turn->request.text;
  record.client_id = turn->request.client_id;
  record.created_at = turn->accepted_at;
  if (answer != nullptr) {
    record.response_id = answer->response_id;
    record.answer_json = wire::encode(*answer);
    turn->answer_bytes = record.answer_json.size();
    if (answer->sql) record.sql = *answer->sql;
  }
  if (last != nullptr) record.query_json = agents::encode_last_query(*last);
  std::optional<contracts::SessionRecord> changed;
  if (answer != nullptr) changed = record_of(*session);
  auto copy = record;
  const Result<void> kept = co_await ports_.store.put_message(std::move(copy), std::move(changed));
  if (kept) {
    if (answer != nullptr) session->is_record_kept = true;
    if (session->is_store_behind) start_catching_up();
    co_return;
  }
  if (session->is_removed) co_return;
  session->is_store_behind = true;
  constexpr std::size_t kUnkeptMax = 100;
  if (answer == nullptr) co_return;  // its end says all that it says
  if (session->unkept.size() >= kUnkeptMax) session->unkept.pop_front();
  session->unkept.push_back(std::move(record));
}

/// The store is back: what it could not take before goes there now.
Task<void> Service::keep_unkept(SessionPtr session) {
  while (!session->unkept.empty() && !session->is_removed) {
    auto record = std::move(session->unkept.front());
    session->unkept.pop_front();
    auto copy = record;
    const Result<void> kept = co_await ports_.store.put_message(std::move(copy), std::nullopt);
    if (kept) continue;
    session->unkept.push_front(std::move(record));
    co_return;
  }
}

agents::TurnInput Service::input_of(const Session& session, const Turn& turn,
                                    contracts::Preferences preferences) const {
  agents::TurnInput input;
  input.message_id = turn.message_id;
  input.response_id = make_id("resp", ports_.sources);
  input.query_id = make_id("qry", ports_.sources);
  input.trace_id = turn.request.context.trace_id;
  input.parent_span_id = turn.request.context.parent_span_id;
  input.question = turn.request.text;
  input.refine = turn.request.refine;
  input.today = ports_.today();
  input.previous = session.last_query;
  input.preferences = std::move(preferences);
  input.dialect = ports_.engine.dialect();
  input.row_limit = config_.row_limit;
  input.may_see_personal_data = may_see_personal_data(turn.request.principal);
  input.row_filters = turn.request.principal.row_filters;
  input.response_style = turn.request.response_style;
  input.may_ask_model = ports_.assistant != nullptr && ports_.assistant->is_enabled();
  if (input.may_ask_model) input.narration_rows_max = ports_.assistant->narration_rows_max();
  return input;
}

Task<Result<std::shared_ptr<const contracts::ModelSnapshot>>> Service::visible_model(
    contracts::Principal principal) {
  co_return co_await ports_.models.visible_to(std::move(principal));
}

Task<void> Service::drive(SessionPtr session, TurnPtr turn) {
  runtime::FairGate::Claim claim{turn->request.principal.tenant_id,
                                 turn->request.principal.user_id};
  auto permit = co_await stoppable<runtime::FairGate::Permit>(
      ports_.executor, *turn, slots_.acquire(std::move(claim), turn->request.deadline));
  if (!permit) co_return finish_waiting(session, turn, permit.error());
  turns_.spawn("keep question", keep_message(session, turn, nullptr, nullptr));

  auto profile = co_await stoppable<contracts::Preferences>(
      ports_.executor, *turn, ports_.profiles.load(turn->request.principal));
  contracts::Preferences preferences;
  if (profile) preferences = *profile;
  agents::TurnInput input = input_of(*session, *turn, preferences);
  // Clarifications, suggestions and the prompt name values of the data: those that row filters
  // leave to the caller.
  auto seen = co_await stoppable<std::shared_ptr<const contracts::ModelSnapshot>>(
      ports_.executor, *turn, visible_model(turn->request.principal));
  if (seen) input.model = std::move(*seen);
  auto model = input.model;
  if (ports_.learnt != nullptr && model)
    input.learnt = co_await ports_.learnt->book(turn->request.principal.tenant_id, model);
  agents::Orchestrator machine(std::move(input), ports_.sources.random);
  Progress live{session, turn, machine, std::move(model), preferences, {}, {}, {}, {}, 0, false};
  if (!profile) live.degraded.emplace_back("personalization");
  if (live.model && live.model->stale_since) {
    live.degraded.emplace_back("dbt");
    append(session, turn.get(),
           wire::DegradedEntry{"dbt", "The answer rests on the last good model, stale since " +
                                          format_rfc3339(*live.model->stale_since) + "."});
  }
  note_store(live);
  agents::Actions actions = machine.start(now_of(ports_.sources));
  live.first_event_ms = milliseconds_since(turn->accepted);
  while (!live.is_finished) {
    perform_now(live, actions);
    if (live.is_finished) break;
    if (turn->stopped) {
      actions = machine.stopped(*turn->stopped, now_of(ports_.sources));
      continue;
    }
    agents::Action waiting = std::move(actions.back());
    actions = co_await perform_waiting(live, std::move(waiting));
  }
}

/// Once: the store may go away at any time between question and answer.
void Service::note_store(Progress& progress) {
  const auto store = ports_.board.find("store");
  const bool is_up = !store || store->state == degradation::Health::up;
  if (is_up && progress.session->unstored_from == 0) return;
  if (std::ranges::find(progress.degraded, "store") != progress.degraded.end()) return;
  progress.degraded.emplace_back("store");
  append(progress.session, progress.turn.get(),
         wire::DegradedEntry{"store", "The answer is given, but cannot be kept for a restart."});
}

void Service::perform_now(Progress& progress, agents::Actions& actions) {
  if (!actions.empty() && std::holds_alternative<agents::Finish>(actions.back()))
    note_store(progress);
  for (auto& action : actions) {
    if (auto* emit = std::get_if<agents::Emit>(&action)) {
      append(progress.session, progress.turn.get(), emit->payload);
    } else if (auto* report = std::get_if<agents::Report>(&action)) {
      // An insight names values of the rows, and goes to all of the tenant and out by its topic.
      const bool is_insight = std::holds_alternative<wire::InsightEvent>(report->event);
      if (is_insight && progress.shows_personal_data) continue;
      wire::EventBase& base = wire::base_of(report->event);
      const auto& request = progress.turn->request;
      std::visit(
          [&](const auto& event) {
            using E = std::remove_cvref_t<decltype(event)>;
            base.event_type = E::kType;
            if (base.event_id.empty()) base.event_id = make_id(E::kPrefix, ports_.sources);
          },
          report->event);
      base.tenant_id = request.principal.tenant_id;
      base.user_id = request.principal.user_id;
      base.session_id = request.session_id;
      base.message_id = progress.turn->message_id;
      base.trace_id = request.context.trace_id;
      base.timestamp = ports_.sources.wall.now();
      if (auto* metrics = std::get_if<wire::MetricsEvent>(&report->event))
        metrics->metrics["time_to_first_event_ms"] = progress.first_event_ms;
      std::string json = wire::encode_event(report->event);
      progress.events.push_back({base.event_type, base.event_id, json, base.timestamp});
      if (is_insight) progress.insights.push_back(std::get<wire::InsightEvent>(report->event));
      ports_.events.offer_encoded(std::move(report->event), std::move(json));
    } else if (auto* finish = std::get_if<agents::Finish>(&action)) {
      complete(progress, std::move(*finish));
    }
  }
}

void Service::complete(Progress& progress, agents::Finish finish) {
  progress.is_finished = true;
  Turn& turn = *progress.turn;
  Session& session = *progress.session;
  turn.answer = finish.answer;
  if (finish.last_query) session.last_query = finish.last_query;
  session.answered.notify_all();
  if (finish.learnt_id && ports_.learnt != nullptr)
    ports_.learnt->used(turn.request.principal.tenant_id, *finish.learnt_id,
                        finish.answer->response_id);

  auto told = std::make_shared<contracts::TurnFinished>();
  told->principal = turn.request.principal;
  told->context = turn.request.context;
  told->session_id = turn.request.session_id;
  told->message_id = turn.message_id;
  told->question = turn.request.text;
  told->answer = finish.answer;
  if (finish.last_query) told->query = finish.last_query->query;
  told->result = finish.result;
  told->model = progress.model;
  told->preferences = progress.preferences;
  told->degraded = progress.degraded;
  told->query_error = finish.query_error;
  told->started_at = turn.accepted_at;
  told->query_started_at = progress.query_started_at;
  told->planning_ms = finish.planning_ms;
  told->query_ms = finish.query_ms;
  told->total_ms = finish.answer->execution_time_ms;
  told->first_event_ms = progress.first_event_ms;
  told->events = std::move(progress.events);
  told->insights = std::move(progress.insights);
  for (auto* observer : ports_.observers) observer->on_turn_finished(told);

  auto last = std::make_shared<std::optional<agents::LastQuery>>(std::move(finish.last_query));
  auto keep = [](Service& self, SessionPtr s, TurnPtr t,
                 std::shared_ptr<std::optional<agents::LastQuery>> query) -> Task<void> {
    const agents::LastQuery* last_query = *query ? &**query : nullptr;
    co_await self.keep_message(s, t, t->answer.get(), last_query);
  };
  turns_.spawn("keep message", keep(*this, progress.session, progress.turn, std::move(last)));
}

}  // namespace loquat::conversation
