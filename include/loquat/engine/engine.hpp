#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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
  /// The turn lasts as long as the stream.
  [[nodiscard]] contracts::Task<Result<std::unique_ptr<contracts::RowStream>>> open(
      contracts::QueryRequest request) override;
  [[nodiscard]] std::string data_version() const override { return inner_.data_version(); }
  /// How long a new query would wait for its turn.
  [[nodiscard]] Clock::duration expected_wait() const noexcept { return gate_.expected_wait(); }

 private:
  contracts::QueryEngine& inner_;
  runtime::FairGate gate_;
};

/// Keeps results. Key: tenant, row filters, model version, row limit and statement, which holds its
/// parameters; for engines that have rules of their own on who may read what, the user too. A kept
/// result of the same data answers for `cache_fresh_for` (`cached_ms` is set then), unless the
/// caller wants a fresh one; and without that limit while `inner` is unavailable (`age_ms` is set
/// then). Bounded in entries and bytes; oldest use goes first. Loop thread only.
/// Metrics: loquat_engine_cache_{hits,misses,bypasses}_total, loquat_engine_cache_held_bytes.
class CachedEngine final : public contracts::QueryEngine {
 public:
  /// `model_version` is asked at each call.
  CachedEngine(contracts::QueryEngine& inner, const EngineConfig& config,
               std::function<std::string()> model_version,
               observability::Telemetry* telemetry = nullptr);
  ~CachedEngine() override;
  [[nodiscard]] std::string_view dialect() const noexcept override { return inner_.dialect(); }
  [[nodiscard]] contracts::Task<Result<contracts::ResultSet>> execute(
      contracts::QueryRequest request) override;
  /// Never kept: it may be of any length.
  [[nodiscard]] contracts::Task<Result<std::unique_ptr<contracts::RowStream>>> open(
      contracts::QueryRequest request) override {
    return inner_.open(std::move(request));
  }
  [[nodiscard]] std::string data_version() const override { return inner_.data_version(); }

 private:
  struct Cache;
  [[nodiscard]] std::string key_of(const contracts::QueryRequest& request) const;
  [[nodiscard]] std::optional<contracts::ResultSet> fresh(const std::string& key,
                                                          std::string_view version);
  contracts::QueryEngine& inner_;
  std::function<std::string()> model_version_;
  std::unique_ptr<Cache> cache_;
};

/// The same text for the same row filters, and for no others.
[[nodiscard]] std::string policy_key(const std::vector<contracts::RowFilter>& filters);

}  // namespace loquat::engine
