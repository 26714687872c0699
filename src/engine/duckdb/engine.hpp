#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "../door.hpp"
#include "database.hpp"
#include "loquat/degradation/guard.hpp"
#include "loquat/engine/engine.hpp"

namespace loquat::engine {

/// The embedded engine. The file is opened at the first query, and again if that failed.
class DuckDbEngine final : public contracts::QueryEngine {
 public:
  DuckDbEngine(EngineConfig config, Ports ports);
  [[nodiscard]] std::string_view dialect() const noexcept override { return "duckdb"; }
  [[nodiscard]] contracts::Task<Result<contracts::ResultSet>> execute(
      contracts::QueryRequest request) override;

 private:
  struct Job {
    std::string sql;
    std::int64_t row_limit;
  };
  /// What queries share with jobs on the pool that outlive their caller.
  struct Shared;
  /// What the guard takes for the engine being well: rows, or a statement that was too slow.
  struct Settled {
    contracts::ResultSet result;
    std::optional<Error> error;
  };
  contracts::Task<Result<Settled>> attempt(std::shared_ptr<const Job> job, Time until);
  contracts::Task<Result<contracts::ResultSet>> run(std::shared_ptr<const Job> job);

  Ports ports_;
  Door door_;
  degradation::Guard guard_;
  std::shared_ptr<Shared> shared_;
};

}  // namespace loquat::engine
