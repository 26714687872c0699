#include "progress.hpp"

/// What a turn waits for: plans, rows, a language model, suggestions.
namespace loquat::conversation {

using contracts::Task;

Task<agents::Actions> Service::make_plan(Progress& progress, agents::PlanTask task) {
  const Time began = Clock::now();
  std::string key = plans_.key_of(task);
  if (auto known = plans_.find(task, key)) {
    plans_found_.add();
    known->planning_ms = milliseconds_since(began);
    co_return progress.machine.planned(std::move(*known), now_of(ports_.sources));
  }
  plans_made_.add();
  const auto shared = std::make_shared<const agents::PlanTask>(std::move(task));
  auto work = [shared] { return agents::perform(*shared); };
  auto job = ports_.workers.run(std::move(work));
  auto done = co_await stoppable<agents::PlanDone>(ports_.executor, *progress.turn, std::move(job));
  if (!done) co_return progress.machine.stopped(done.error(), now_of(ports_.sources));
  plans_.put(*shared, std::move(key), *done);
  done->planning_ms = milliseconds_since(began);
  co_return progress.machine.planned(std::move(*done), now_of(ports_.sources));
}

Task<agents::Actions> Service::hear_words(Progress& progress, agents::AskWords ask) {
  Turn& turn = *progress.turn;
  auto on_text = [this, &progress](std::string_view piece) {
    auto said = progress.machine.heard(piece, now_of(ports_.sources));
    perform_now(progress, said);
  };
  auto telling =
      ports_.assistant->tell(turn.request.principal.tenant_id, std::move(ask.system),
                             std::move(ask.user), std::move(on_text), turn.request.deadline);
  auto reply = co_await stoppable<contracts::ModelReply>(ports_.executor, turn, std::move(telling));
  if (turn.stopped) co_return progress.machine.stopped(*turn.stopped, now_of(ports_.sources));
  agents::ModelDone done{fail(Errc::llm_unavailable, ""), {}, 0, 0};
  if (reply)
    done = {std::move(reply->text), std::move(reply->model_id), reply->input_tokens,
            reply->output_tokens};
  else
    done.reply = reply.error();
  if (!reply) progress.degraded.emplace_back("llm");
  co_return progress.machine.narrated(std::move(done), now_of(ports_.sources));
}

Task<agents::Actions> Service::perform_waiting(Progress& progress, agents::Action action) {
  Turn& turn = *progress.turn;
  if (auto* plan = std::get_if<agents::Plan>(&action)) {
    co_return co_await make_plan(progress, std::move(plan->task));
  }
  if (auto* ask_model = std::get_if<agents::AskModel>(&action)) {
    auto asked = ports_.assistant->propose(
        turn.request.principal.tenant_id, std::move(ask_model->system), std::move(ask_model->user),
        std::move(ask_model->json_schema), turn.request.deadline);
    auto reply = co_await stoppable<contracts::ModelReply>(ports_.executor, turn, std::move(asked));
    if (turn.stopped) co_return progress.machine.stopped(*turn.stopped, now_of(ports_.sources));
    agents::ModelDone done{fail(Errc::llm_unavailable, ""), {}, 0, 0};
    if (reply)
      done = {std::move(reply->text), std::move(reply->model_id), reply->input_tokens,
              reply->output_tokens};
    else
      done.reply = reply.error();
    if (!reply) progress.degraded.emplace_back("llm");
    co_return progress.machine.assisted(std::move(done), now_of(ports_.sources));
  }
  if (auto* words = std::get_if<agents::AskWords>(&action))
    co_return co_await hear_words(progress, std::move(*words));
  if (auto* query = std::get_if<agents::RunQuery>(&action)) {
    const Time began = Clock::now();
    progress.query_started_at = ports_.sources.wall.now();
    std::string answered_by = "query_engine";
    auto rows = co_await fetch(progress, *query, answered_by);
    agents::QueryDone done{std::move(rows), milliseconds_since(began), {}, {}, {}, answered_by};
    if (done.result) {
      std::vector<SourceColumn> sources;
      for (const auto& s : query->sources)
        sources.push_back({s.column, s.relation, s.source_column, s.personal_data});
      done.masked_columns =
          mask_columns(*done.result, sources, ports_.tags, turn.request.principal);
      if (may_see_personal_data(turn.request.principal))
        done.personal_columns = personal_columns(sources, *done.result);
      if (!done.personal_columns.empty()) {
        progress.shows_personal_data = true;
        progress.session->shows_personal_data = true;
      }
      done.cached_age_ms = done.result->age_ms;
      if (done.cached_age_ms) progress.degraded.emplace_back("query_engine");
    } else if (done.result.error().code != Errc::cancelled) {
      progress.degraded.emplace_back("query_engine");
    }
    co_return progress.machine.queried(std::move(done), now_of(ports_.sources));
  }
  auto& ask = std::get<agents::AskSuggestions>(action);
  contracts::SuggestRequest request{
      turn.request.principal, turn.request.context, turn.request.session_id, turn.request.text,
      std::move(ask.query),   progress.model,       ports_.today()};
  auto asked = ports_.suggester.suggest(std::move(request));
  auto limited = runtime::with_deadline<std::vector<wire::Suggestion>>(
      std::move(asked), Clock::now() + config_.suggestion_budget);
  auto suggestions =
      co_await stoppable<std::vector<wire::Suggestion>>(ports_.executor, turn, std::move(limited));
  if (!suggestions && suggestions.error().code == Errc::cancelled && turn.stopped)
    co_return progress.machine.stopped(*turn.stopped, now_of(ports_.sources));
  if (!suggestions) progress.degraded.emplace_back("copilot");
  co_return progress.machine.suggested(
      suggestions ? std::move(*suggestions) : std::vector<wire::Suggestion>(),
      now_of(ports_.sources));
}

Task<Result<contracts::ResultSet>> Service::fetch(Progress& progress, const agents::RunQuery& query,
                                                  std::string& answered_by) {
  Turn& turn = *progress.turn;
  const auto& request = turn.request;
  ports_.tags.want(query.relations);
  contracts::RequestContext context = request.context;
  context.parent_span_id = query.span_id;
  const bool has_transforms = query.query.comparison || !query.query.shares.empty() ||
                              !query.query.running_totals.empty() || !query.query.having.empty() ||
                              query.query.top_per_group || query.query.fill_time_gaps;
  // The remote layer knows nothing of our row filters.
  const bool may_ask_remote = !has_transforms && request.principal.row_filters.empty();
  if (ports_.semantic_layer.is_configured() && may_ask_remote) {
    auto asked =
        ports_.semantic_layer.query(query.query, request.principal, context, request.deadline);
    auto rows = co_await stoppable<contracts::ResultSet>(ports_.executor, turn, std::move(asked));
    if (rows) {
      answered_by = "semantic_layer";
      co_return rows;
    }
    if (turn.stopped) co_return *turn.stopped;
    progress.degraded.emplace_back("semantic_layer");
    append(progress.session, &turn,
           wire::DegradedEntry{"semantic_layer", "The local dbt model answers."});
  }
  contracts::QueryRequest run{make_id("qry", ports_.sources),
                              query.sql,
                              query.row_limit,
                              request.deadline,
                              request.principal,
                              context};
  auto rows = co_await stoppable<contracts::ResultSet>(ports_.executor, turn,
                                                       ports_.engine.execute(std::move(run)));
  co_return rows;
}

}  // namespace loquat::conversation
