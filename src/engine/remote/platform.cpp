#include "platform.hpp"

#include "apart.hpp"
#include "loquat/base/check.hpp"
#include "loquat/runtime/runtime.hpp"
#include "loquat/wire/json.hpp"

namespace loquat::engine {

using contracts::ResultSet;
using contracts::Task;

/// One execution; one that is left while it runs at the peer is cancelled there.
struct PlatformEngine::Run {
  Run(PlatformEngine& owner, std::shared_ptr<const contracts::QueryRequest> asked, Time until)
      : engine(owner),
        request(std::move(asked)),
        deadline(until),
        caller{request->principal, request->context} {}
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;
  ~Run() {
    if (!cancel_url.empty())
      engine.ports_.tasks.spawn("engine.cancel",
                                engine.cancel(std::move(caller), std::move(cancel_url)));
  }
  PlatformEngine& engine;
  std::shared_ptr<const contracts::QueryRequest> request;
  Time deadline;
  Caller caller;
  std::string cancel_url;  ///< empty: nothing runs there
  bool is_begun_apart = false;
};

PlatformEngine::PlatformEngine(EngineConfig config, Ports ports)
    : config_(std::move(config)),
      ports_(std::move(ports)),
      door_(ports_.parser, ports_.pool, sql::Dialect::trino),
      guard_(ports_.executor, "query_engine", config_.guard, ports_.board, ports_.sources.random,
             Errc::query_engine_unavailable) {}

Task<Result<ResultSet>> PlatformEngine::execute(contracts::QueryRequest request) {
  LOQUAT_CHECK(request.row_limit > 0);
  const auto allowed = co_await door_.check(request.sql);
  if (!allowed) co_return allowed.error();
  const Time deadline = request.deadline;
  auto shared = std::make_shared<const contracts::QueryRequest>(std::move(request));
  degradation::Guard::Attempt<ResultSet> once = [this, shared](Time until) {
    return attempt(shared, until);
  };
  auto result = co_await guard_.call<ResultSet>(std::move(once), deadline);
  if (!result) co_return as_engine_error(result.error());
  co_return result;
}

Task<Result<ResultSet>> PlatformEngine::attempt(
    std::shared_ptr<const contracts::QueryRequest> request, Time until) {
  auto run = std::make_shared<Run>(*this, std::move(request), until);
  if (!config_.asynchronous) co_return co_await at_once(*run);
  run->is_begun_apart = true;
  auto begun = co_await begin_apart<Places>(ports_.tasks, ports_.executor, begin(run), until);
  if (!begun) co_return begun.error();
  run->is_begun_apart = false;
  co_return co_await step_by_step(*run, std::move(*begun));
}

std::string PlatformEngine::question(const contracts::QueryRequest& request, Time deadline) const {
  const auto left = std::chrono::ceil<std::chrono::seconds>(runtime::remaining(deadline));
  std::string out;
  wire::JsonWriter json(out);
  json.begin_object();
  json.key("sql"), json.value(request.sql);
  json.key("catalog"), json.value(config_.catalog);
  json.key("schema"), json.value(config_.schema);
  json.key("limit"), json.value(request.row_limit + 1);  // one more tells that there is more
  json.key("useCache"), json.value(false);
  json.key("timeoutSeconds"),
      json.value(static_cast<std::int64_t>(std::max<std::int64_t>(1, left.count())));
  json.key("parameters");
  json.begin_object();
  json.end_object();
  json.end_object();
  return out;
}

Task<Result<std::string>> PlatformEngine::call(Run& run, net::Method method, std::string url,
                                               std::string body) {
  const Time until = run.is_begun_apart ? run.deadline + kBeginningTime : run.deadline;
  auto request = make_request(method, std::move(url), run.caller, config_.token, until);
  if (!body.empty()) request.headers.set("Content-Type", "application/json");
  request.body = std::move(body);
  auto answer = co_await ports_.client.send(std::move(request));
  if (!answer) co_return answer.error();
  if (answer->status < 200 || answer->status > 299)
    co_return platform_error(answer->status, answer->body);
  co_return std::move(answer->body);
}

Task<Result<ResultSet>> PlatformEngine::read(Run& run, std::string body) {
  auto work = [body = std::move(body), limit = run.request->row_limit] {
    return read_platform_rows(body, limit);
  };
  co_return co_await ports_.pool.run(std::move(work));
}

Task<Result<ResultSet>> PlatformEngine::at_once(Run& run) {
  std::string url = join_url(config_.url, "/v1/queries/execute");
  std::string asked = question(*run.request, run.deadline);
  auto body = co_await call(run, net::Method::post, std::move(url), std::move(asked));
  if (!body) co_return body.error();
  co_return co_await read(run, std::move(*body));
}

/// The run goes with it: whoever has left meanwhile, the query is cancelled when it dies.
Task<Result<PlatformEngine::Places>> PlatformEngine::begin(std::shared_ptr<Run> run) {
  std::string url = join_url(config_.url, "/v1/queries/execute/async");
  std::string asked = question(*run->request, run->deadline);
  auto body = co_await call(*run, net::Method::post, std::move(url), std::move(asked));
  if (!body) co_return body.error();
  const auto execution = read_platform_execution(*body);
  if (!execution) co_return execution.error();
  auto status = on_same_host(config_.url, execution->status_url);
  auto results = on_same_host(config_.url, execution->results_url);
  auto cancels = on_same_host(config_.url, execution->cancel_url);
  if (!status || !results || !cancels)
    co_return fail(Errc::corrupt, "The query engine named a place that is none.");
  run->cancel_url = std::move(*cancels);
  co_return Places{std::move(*status), std::move(*results)};
}

Task<Result<ResultSet>> PlatformEngine::step_by_step(Run& run, Places places) {
  const auto finished = co_await wait(run, std::move(places.status));
  if (!finished) co_return finished.error();
  run.cancel_url.clear();
  auto body = co_await call(run, net::Method::get, std::move(places.results), std::string());
  if (!body) co_return body.error();
  co_return co_await read(run, std::move(*body));
}

Task<Result<void>> PlatformEngine::wait(Run& run, std::string status_url) {
  using Phase = PlatformStatus::Phase;
  while (true) {
    auto body = co_await call(run, net::Method::get, status_url, std::string());
    if (!body) co_return body.error();
    const auto status = read_platform_status(*body);
    if (!status) co_return status.error();
    if (status->phase == Phase::finished) co_return Result<void>();
    if (status->phase != Phase::running) run.cancel_url.clear();
    if (status->phase == Phase::failed)
      co_return fail(Errc::query_failed,
                     shown_message(status->message, "The query engine refused the query."));
    if (status->phase == Phase::cancelled)
      co_return fail(Errc::cancelled, "The query was cancelled at the engine.");
    if (Clock::now() + config_.poll_interval >= run.deadline)
      co_return fail(Errc::timed_out, "The query took too long and was stopped.");
    co_await runtime::pause_for(config_.poll_interval);
  }
}

Task<void> PlatformEngine::cancel(Caller caller, std::string url) {
  auto request = make_request(net::Method::post, std::move(url), caller, config_.token,
                              runtime::deadline_after(std::chrono::seconds(5)));
  static_cast<void>(co_await ports_.client.send(std::move(request)));
}

}  // namespace loquat::engine
