#include "engine.hpp"

#include <algorithm>
#include <mutex>

#include "loquat/base/check.hpp"
#include "loquat/runtime/task.hpp"
#include "loquat/runtime/worker_pool.hpp"

namespace loquat::engine {

using contracts::ResultSet;
using contracts::Task;

struct DuckDbEngine::Shared {
  DatabaseOptions options;
  std::mutex mutex;  // guards what follows; held only to take and give back
  std::shared_ptr<Database> database;
  std::vector<std::unique_ptr<Connection>> idle;

  /// **Blocks** where the file is not open yet.
  Result<std::unique_ptr<Connection>> take() {
    const std::scoped_lock lock(mutex);
    if (!database) {
      auto opened = Database::open(options);
      if (!opened) return opened.error();
      database = std::move(*opened);
    }
    if (idle.empty()) return database->connect();
    auto out = std::move(idle.back());
    idle.pop_back();
    return out;
  }
  void give(std::unique_ptr<Connection> connection) {
    connection->reset();
    const std::scoped_lock lock(mutex);
    idle.push_back(std::move(connection));
  }
  ~Shared() { idle.clear(); }  // before the database
};

namespace {

/// The connection of one running job, as the loop may interrupt it.
struct Running {
  std::mutex mutex;
  bool is_stopped = false;
  Connection* connection = nullptr;

  void stop() {
    const std::scoped_lock lock(mutex);
    is_stopped = true;
    if (connection != nullptr) connection->interrupt();
  }
  /// False if stopped already.
  bool enter(Connection& with) {
    const std::scoped_lock lock(mutex);
    if (!is_stopped) connection = &with;
    return !is_stopped;
  }
  void leave() {
    const std::scoped_lock lock(mutex);
    connection = nullptr;
  }
};

}  // namespace

DuckDbEngine::DuckDbEngine(EngineConfig config, Ports ports)
    : ports_(std::move(ports)),
      door_(ports_.parser, ports_.pool, sql::Dialect::duckdb),
      guard_(ports_.executor, "query_engine", config.guard, ports_.board, ports_.sources.random,
             Errc::query_engine_unavailable),
      shared_(std::make_shared<Shared>()) {
  shared_->options = {config.duckdb.path, config.duckdb.threads, config.duckdb.memory_mib};
}

Task<Result<ResultSet>> DuckDbEngine::execute(contracts::QueryRequest request) {
  LOQUAT_CHECK(request.row_limit > 0);
  const auto allowed = co_await door_.check(request.sql);
  if (!allowed) co_return allowed.error();
  auto job = std::make_shared<const Job>(Job{std::move(request.sql), request.row_limit});
  degradation::Guard::Attempt<Settled> once = [this, job](Time until) {
    return attempt(job, until);
  };
  auto settled = co_await guard_.call<Settled>(std::move(once), request.deadline, false);
  if (!settled) co_return as_engine_error(settled.error());
  if (settled->error) co_return *settled->error;
  co_return std::move(settled->result);
}

Task<Result<DuckDbEngine::Settled>> DuckDbEngine::attempt(std::shared_ptr<const Job> job,
                                                          Time until) {
  // A slow statement is its own fault and not the engine's: it must not open the breaker. So it is
  // cut here, early enough that it has ended when the guard would cut.
  const Clock::duration most = std::chrono::milliseconds(250);
  const Clock::duration margin = std::min(most, runtime::remaining(until) / 4);
  auto result = co_await runtime::with_deadline<ResultSet>(run(job), until - margin);
  if (result) co_return Settled{std::move(*result), std::nullopt};
  if (result.error().code != Errc::timed_out) co_return result.error();
  co_return Settled{{}, as_engine_error(result.error())};
}

Task<Result<ResultSet>> DuckDbEngine::run(std::shared_ptr<const Job> job) {
  auto running = std::make_shared<Running>();
  auto work = [shared = shared_, running, job]() -> Result<ResultSet> {
    auto connection = shared->take();
    if (!connection) return connection.error();
    if (!running->enter(**connection)) return fail(Errc::cancelled, "The query was cancelled.");
    auto result = (*connection)->run(job->sql, job->row_limit);
    running->leave();
    shared->give(std::move(*connection));
    return result;
  };
  std::function<void()> on_cancel = [running] { running->stop(); };
  co_return co_await ports_.pool.run(std::move(work), std::move(on_cancel));
}

}  // namespace loquat::engine
