#pragma once
#include <functional>
#include <memory>
#include <string>

#include "loquat/base/sources.hpp"
#include "loquat/contracts/ports.hpp"
#include "loquat/engine/config.hpp"
#include "loquat/runtime/fair_gate.hpp"

namespace loquat::runtime {
class WorkerPool;
class TaskGroup;
}  // namespace loquat::runtime
namespace loquat::net {
class Client;
}
namespace loquat::observability {
class Telemetry;
}
namespace loquat::degradation {
class HealthBoard;
}
namespace loquat::sql {
class Parser;
}

/// Query engines behind one port. Every statement is examined once more at this last door: what is
/// not one read-only SELECT never reaches an engine.
namespace loquat::engine {

/// References outlive the engine.
struct Ports {
  boost::asio::any_io_executor executor;
  runtime::WorkerPool& pool;  ///< parsing, and DuckDB's queries
  runtime::TaskGroup& tasks;  ///< cancelling at a peer after the caller has gone
  net::Client& client;
  const sql::Parser& parser;
  degradation::HealthBoard& board;
  observability::Telemetry& telemetry;
  const Sources& sources;
};

/// Lists the integration `query_engine` on the board. Throws std::invalid_argument when the
/// configuration names no path or URL for its kind.
[[nodiscard]] std::unique_ptr<contracts::QueryEngine> make_engine(EngineConfig config, Ports ports);

/// Facts of one statement, read on the pool.
[[nodiscard]] std::unique_ptr<contracts::SqlInspector> make_inspector(const sql::Parser& parser,
                                                                      runtime::WorkerPool& pool);

/// Lets tenants, and the users of a tenant, take turns at `inner`, which runs a few queries at a
/// time (`guard.concurrency_max`). Errors besides those of `inner`: overloaded, rate_limited (the
/// line or one's share of it is full), query_timeout (no turn before the deadline).
class FairEngine final : public contracts::QueryEngine {
 public:
  FairEngine(contracts::QueryEngine& inner, const EngineConfig& config,
             boost::asio::any_io_executor executor, observability::Telemetry& telemetry);
  [[nodiscard]] std::string_view dialect() const noexcept override { return inner_.dialect(); }
  [[nodiscard]] contracts::Task<Result<contracts::ResultSet>> execute(
      contracts::QueryRequest request) override;
  /// How long a new query would wait for its turn.
  [[nodiscard]] Clock::duration expected_wait() const noexcept { return gate_.expected_wait(); }

 private:
  contracts::QueryEngine& inner_;
  runtime::FairGate gate_;
};

/// Answers from an earlier run of the same statement, for the same tenant, user and model, while
/// `inner` is unavailable: `age_ms` is set then. Bounded; oldest use goes first.
class CachedEngine final : public contracts::QueryEngine {
 public:
  /// `model_version` is asked at each call.
  CachedEngine(contracts::QueryEngine& inner, const EngineConfig& config,
               std::function<std::string()> model_version);
  ~CachedEngine() override;
  [[nodiscard]] std::string_view dialect() const noexcept override { return inner_.dialect(); }
  [[nodiscard]] contracts::Task<Result<contracts::ResultSet>> execute(
      contracts::QueryRequest request) override;

 private:
  struct Cache;
  contracts::QueryEngine& inner_;
  std::function<std::string()> model_version_;
  std::unique_ptr<Cache> cache_;
};

}  // namespace loquat::engine
