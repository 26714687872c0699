#include "engine.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <mutex>

#include "loquat/base/check.hpp"
#include "loquat/runtime/task.hpp"
#include "loquat/runtime/task_group.hpp"
#include "loquat/runtime/worker_pool.hpp"

namespace loquat::engine {

using contracts::ResultSet;
using contracts::Task;

namespace {

/// Which file stands at `path`, and in which state; empty: none.
std::string file_version(const std::string& path) {
  struct stat seen{};
  if (::stat(path.c_str(), &seen) != 0) return {};
  return std::to_string(seen.st_dev) + ':' + std::to_string(seen.st_ino) + ':' +
         std::to_string(seen.st_size) + ':' + std::to_string(seen.st_mtim.tv_sec) + '.' +
         std::to_string(seen.st_mtim.tv_nsec);
}

/// A connection, and the opening of the file that it belongs to.
struct Lease {
  std::unique_ptr<Connection> connection;
  std::uint64_t opening = 0;
};

}  // namespace

struct DuckDbEngine::Shared {
  DatabaseOptions options;
  std::mutex mutex;  // guards what follows; held only to take and give back
  std::shared_ptr<Database> database;
  std::string version;  // of the file that is open
  std::uint64_t opening = 0;
  std::vector<std::unique_ptr<Connection>> idle;

  /// **Blocks** where the file is not open yet.
  Result<Lease> take() {
    const std::scoped_lock lock(mutex);
    // A file that is gone, or not whole yet, leaves the one that is open in force.
    const std::string now = file_version(options.path);
    if (!database || (!now.empty() && now != version)) {
      auto opened = Database::open(options);
      if (!opened && !database) return opened.error();
      if (opened) {
        idle.clear();
        database = std::move(*opened);
        version = now;
        ++opening;
      }
    }
    if (idle.empty()) {
      auto fresh = database->connect();
      if (!fresh) return fresh.error();
      return Lease{std::move(*fresh), opening};
    }
    Lease out{std::move(idle.back()), opening};
    idle.pop_back();
    return out;
  }
  void give(Lease lease) {
    lease.connection->reset();
    const std::scoped_lock lock(mutex);
    if (lease.opening == opening) idle.push_back(std::move(lease.connection));
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
    auto lease = shared->take();
    if (!lease) return lease.error();
    if (!running->enter(*lease->connection))
      return fail(Errc::cancelled, "The query was cancelled.");
    auto result = lease->connection->run(job->sql, job->row_limit);
    running->leave();
    shared->give(std::move(*lease));
    return result;
  };
  std::function<void()> on_cancel = [running] { running->stop(); };
  co_return co_await ports_.pool.run(std::move(work), std::move(on_cancel));
}

struct DuckDbEngine::Reading {
  std::shared_ptr<Shared> shared;
  Lease lease;
  std::unique_ptr<Cursor> cursor;
  std::vector<contracts::Row> rows;  ///< read and not handed on
  Running running;

  ~Reading() {
    cursor.reset();
    if (lease.connection) shared->give(std::move(lease));
  }
};

Task<Result<DuckDbEngine::ReadingPtr>> DuckDbEngine::begin(std::shared_ptr<const Job> job,
                                                           Time until) {
  auto reading = std::make_shared<Reading>();
  reading->shared = shared_;
  auto work = [reading, job]() -> Result<void> {
    auto lease = reading->shared->take();
    if (!lease) return lease.error();
    reading->lease = std::move(*lease);
    Connection& connection = *reading->lease.connection;
    if (!reading->running.enter(connection))
      return fail(Errc::cancelled, "The query was cancelled.");
    auto cursor = connection.start(job->sql);
    if (!cursor) return cursor.error();
    reading->cursor = std::move(*cursor);
    auto rows = reading->cursor->read();
    if (!rows) return rows.error();
    reading->rows = std::move(*rows);
    return {};
  };
  std::function<void()> on_cancel = [reading] { reading->running.stop(); };
  auto job_done = ports_.pool.run(std::move(work), std::move(on_cancel));
  const Clock::duration most = std::chrono::milliseconds(250);
  const Clock::duration margin = std::min(most, runtime::remaining(until) / 4);
  const Result<void> begun =
      co_await runtime::with_deadline<void>(std::move(job_done), until - margin);
  // A slow statement is its own fault and must not open the breaker.
  if (!begun && begun.error().code == Errc::timed_out) co_return as_engine_error(begun.error());
  if (!begun) co_return begun.error();
  co_return reading;
}

Task<Result<std::vector<contracts::Row>>> DuckDbEngine::next(ReadingPtr reading, Time until) {
  auto work = [reading] { return reading->cursor->read(); };
  std::function<void()> on_cancel = [reading] { reading->running.stop(); };
  auto job_done = ports_.pool.run(std::move(work), std::move(on_cancel));
  co_return co_await runtime::with_deadline<std::vector<contracts::Row>>(std::move(job_done),
                                                                         until);
}

Task<void> DuckDbEngine::end(ReadingPtr reading) {
  auto work = [reading = std::move(reading)]() mutable { reading.reset(); };
  // Refused: it is given back here, later than it might.
  static_cast<void>(co_await ports_.pool.run(std::move(work)));
}

/// However reading ends, DuckDB's part is given back on a worker.
class DuckDbEngine::Rows final : public contracts::RowStream {
 public:
  Rows(DuckDbEngine& engine, ReadingPtr reading, std::int64_t row_limit, Time deadline)
      : engine_(engine),
        reading_(std::move(reading)),
        columns_(reading_->cursor->columns()),
        left_(row_limit),
        deadline_(deadline) {}
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;
  ~Rows() override {
    reading_->running.stop();
    engine_.ports_.tasks.spawn("engine.end", engine_.end(std::move(reading_)));
  }
  const std::vector<contracts::Column>& columns() const override { return columns_; }
  bool is_truncated() const override { return is_truncated_; }
  Task<Result<std::vector<contracts::Row>>> next() override {
    std::vector<contracts::Row> rows = std::move(reading_->rows);
    reading_->rows.clear();
    if (is_truncated_) co_return std::vector<contracts::Row>();
    if (rows.empty()) {
      auto more = co_await engine_.next(reading_, deadline_);
      if (!more) co_return as_engine_error(more.error());
      rows = std::move(*more);
    }
    is_truncated_ = static_cast<std::int64_t>(rows.size()) > left_;
    if (is_truncated_) rows.resize(static_cast<std::size_t>(left_));
    left_ -= static_cast<std::int64_t>(rows.size());
    co_return rows;
  }

 private:
  DuckDbEngine& engine_;
  ReadingPtr reading_;
  std::vector<contracts::Column> columns_;
  std::int64_t left_;
  Time deadline_;
  bool is_truncated_ = false;
};

Task<Result<std::unique_ptr<contracts::RowStream>>> DuckDbEngine::open(
    contracts::QueryRequest request) {
  LOQUAT_CHECK(request.row_limit > 0);
  const auto allowed = co_await door_.check(request.sql);
  if (!allowed) co_return allowed.error();
  auto job = std::make_shared<const Job>(Job{std::move(request.sql), request.row_limit});
  // The guard's part ends with the first rows: how fast the reader takes the others says nothing
  // about the engine.
  degradation::Guard::Attempt<ReadingPtr> once = [this, job](Time until) {
    return begin(job, until);
  };
  auto begun = co_await guard_.call<ReadingPtr>(std::move(once), request.deadline, false);
  if (!begun) co_return as_engine_error(begun.error());
  co_return std::make_unique<Rows>(*this, std::move(*begun), job->row_limit, request.deadline);
}

std::string DuckDbEngine::data_version() const {
  constexpr auto kLookEvery = std::chrono::seconds(1);
  const Time now = Clock::now();
  if (!version_read_ || now - *version_read_ >= kLookEvery) {
    version_ = file_version(shared_->options.path);
    version_read_ = now;
  }
  return version_;
}

}  // namespace loquat::engine
