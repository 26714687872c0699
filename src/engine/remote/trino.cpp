#include "trino.hpp"

#include "apart.hpp"
#include "loquat/base/check.hpp"
#include "loquat/runtime/runtime.hpp"

namespace loquat::engine {

using contracts::ResultSet;
using contracts::Task;

namespace {
bool asks_for_patience(int status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}
constexpr auto kCancelTime = std::chrono::seconds(5);
}  // namespace

/// One execution. Whatever way it ends before the peer's query does, the query is cancelled there.
struct TrinoEngine::Run {
  Run(TrinoEngine& owner, std::shared_ptr<const contracts::QueryRequest> asked, Time until)
      : engine(owner),
        request(std::move(asked)),
        deadline(until),
        caller{request->principal, request->context} {}
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;
  ~Run() {
    if (!next.empty()) engine.cancel_later(std::move(caller), std::move(next));
  }
  TrinoEngine& engine;
  std::shared_ptr<const contracts::QueryRequest> request;
  Time deadline;
  Caller caller;
  std::string next;  ///< where the query goes on; empty: it is not running
  ResultSet result;
};

TrinoEngine::TrinoEngine(EngineConfig config, Ports ports)
    : config_(std::move(config)),
      ports_(std::move(ports)),
      door_(ports_.parser, ports_.pool, sql::Dialect::trino),
      guard_(ports_.executor, "query_engine", config_.guard, ports_.board, ports_.sources.random,
             Errc::query_engine_unavailable) {}

Task<Result<ResultSet>> TrinoEngine::execute(contracts::QueryRequest request) {
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

Task<Result<ResultSet>> TrinoEngine::attempt(std::shared_ptr<const contracts::QueryRequest> request,
                                             Time until) {
  auto run = std::make_shared<Run>(*this, std::move(request), until);
  co_return co_await follow(std::move(run));
}

/// Notes where the query goes on.
Result<TrinoPage> TrinoEngine::taken(Run& run, Result<TrinoPage> page) const {
  if (!page) return page;
  run.next.clear();
  if (page->error) return *page->error;
  if (!page->next_uri.empty()) {
    auto next = on_same_host(config_.url, page->next_uri);
    if (!next) return next.error();
    run.next = std::move(*next);
  }
  run.result.columns = page->columns;
  return page;
}

Task<Result<TrinoPage>> TrinoEngine::first_page(RunPtr run) {
  return begin_apart<TrinoPage>(ports_.tasks, ports_.executor, ask_first_page(run), run->deadline);
}

/// The run goes with it: whoever has left meanwhile, the query is cancelled when it dies.
Task<Result<TrinoPage>> TrinoEngine::ask_first_page(RunPtr run) {
  std::string sql = run->request->sql;
  while (!sql.empty() && (sql.back() == ';' || sql.back() == ' ' || sql.back() == '\n'))
    sql.pop_back();  // Trino takes no semicolon
  std::string url = join_url(config_.url, "/v1/statement");
  auto page = co_await fetch(*run, net::Method::post, std::move(url), std::move(sql));
  co_return taken(*run, std::move(page));
}

Task<Result<TrinoPage>> TrinoEngine::next_page(Run& run) {
  auto page = co_await fetch(run, net::Method::get, run.next, std::string());
  co_return taken(run, std::move(page));
}

Task<Result<ResultSet>> TrinoEngine::follow(RunPtr kept) {
  auto page = co_await first_page(kept);
  Run& run = *kept;
  while (true) {
    if (!page) co_return page.error();
    ResultSet& result = run.result;
    for (contracts::Row& row : page->rows) {
      if (static_cast<std::int64_t>(result.rows.size()) >= run.request->row_limit) {
        result.truncated = true;  // the rest is not wanted: leaving cancels it
        co_return std::move(result);
      }
      result.rows.push_back(std::move(row));
    }
    if (run.next.empty()) co_return std::move(result);
    page = co_await next_page(run);
  }
}

/// Until Trino has said the columns: they come with the first rows, or with the end.
Task<Result<TrinoEngine::RunPtr>> TrinoEngine::begin(
    std::shared_ptr<const contracts::QueryRequest> request, Time until) {
  auto run = std::make_shared<Run>(*this, std::move(request), until);
  auto page = co_await first_page(run);
  while (page && page->rows.empty() && !run->next.empty()) page = co_await next_page(*run);
  if (!page) co_return page.error();
  run->result.rows = std::move(page->rows);
  co_return run;
}

class TrinoEngine::Rows final : public contracts::RowStream {
 public:
  Rows(TrinoEngine& engine, RunPtr run) : engine_(engine), run_(std::move(run)) {}
  const std::vector<contracts::Column>& columns() const override { return run_->result.columns; }
  bool is_truncated() const override { return run_->result.truncated; }
  Task<Result<std::vector<contracts::Row>>> next() override {
    std::vector<contracts::Row> rows = std::move(run_->result.rows);
    run_->result.rows.clear();
    bool& is_truncated = run_->result.truncated;
    while (rows.empty() && !is_truncated && !run_->next.empty()) {
      auto page = co_await engine_.next_page(*run_);
      if (!page) co_return as_engine_error(page.error());
      rows = std::move(page->rows);
    }
    const auto left = static_cast<std::size_t>(run_->request->row_limit - count_);
    if (rows.size() > left) {
      is_truncated = true;
      rows.resize(left);
    }
    count_ += static_cast<std::int64_t>(rows.size());
    co_return rows;
  }

 private:
  TrinoEngine& engine_;
  RunPtr run_;
  std::int64_t count_ = 0;
};

Task<Result<std::unique_ptr<contracts::RowStream>>> TrinoEngine::open(
    contracts::QueryRequest request) {
  LOQUAT_CHECK(request.row_limit > 0);
  const auto allowed = co_await door_.check(request.sql);
  if (!allowed) co_return allowed.error();
  const Time deadline = request.deadline;
  auto shared = std::make_shared<const contracts::QueryRequest>(std::move(request));
  // The guard's part ends with the first rows: how fast the reader takes the others says nothing
  // about the engine.
  degradation::Guard::Attempt<RunPtr> once = [this, shared](Time until) {
    return begin(shared, until);
  };
  auto begun = co_await guard_.call<RunPtr>(std::move(once), deadline);
  if (!begun) co_return as_engine_error(begun.error());
  (*begun)->deadline = deadline;
  co_return std::make_unique<Rows>(*this, std::move(*begun));
}

Task<Result<TrinoPage>> TrinoEngine::fetch(Run& run, net::Method method, std::string url,
                                           std::string body) {
  while (true) {
    const Time until = method == net::Method::post ? run.deadline + kBeginningTime : run.deadline;
    auto request = make_request(method, url, run.caller, config_.token, until);
    const std::string& user = run.caller.principal.user_id;
    request.headers.set("X-Trino-User", user.empty() ? config_.user : user);
    request.headers.set("X-Trino-Source", "loquat");
    request.headers.set("X-Trino-Time-Zone", "UTC");
    if (!config_.catalog.empty()) request.headers.set("X-Trino-Catalog", config_.catalog);
    if (!config_.schema.empty()) request.headers.set("X-Trino-Schema", config_.schema);
    request.body = body;
    auto answer = co_await ports_.client.send(std::move(request));
    if (!answer) co_return answer.error();
    if (answer->status == 200) {
      auto work = [text = std::move(answer->body), columns = run.result.columns] {
        return read_trino_page(text, columns);
      };
      co_return co_await ports_.pool.run(std::move(work));
    }
    if (answer->status == 401 || answer->status == 403)
      co_return fail(Errc::unavailable, "The query engine refuses our credentials.");
    if (!asks_for_patience(answer->status))
      co_return fail(Errc::unavailable,
                     "The query engine answered " + std::to_string(answer->status) + ".");
    // The protocol: ask again after 50 to 100 ms, as long as there is time.
    const auto pause = std::chrono::milliseconds(50 + ports_.sources.random.next() % 51);
    if (Clock::now() + pause >= run.deadline)
      co_return fail(Errc::unavailable, "The query engine is too busy.");
    co_await runtime::pause_for(pause);
  }
}

void TrinoEngine::cancel_later(Caller caller, std::string url) {
  ports_.tasks.spawn("engine.cancel", cancel(std::move(caller), std::move(url)));
}

Task<void> TrinoEngine::cancel(Caller caller, std::string url) {
  auto request = make_request(net::Method::delete_, std::move(url), caller, config_.token,
                              runtime::deadline_after(kCancelTime));
  const std::string& user = caller.principal.user_id;
  request.headers.set("X-Trino-User", user.empty() ? config_.user : user);
  // Best effort: Trino ends a query whose client has gone by itself after some minutes.
  static_cast<void>(co_await ports_.client.send(std::move(request)));
}

}  // namespace loquat::engine
