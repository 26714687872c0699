#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "../door.hpp"
#include "database.hpp"
#include "loquat/degradation/guard.hpp"
#include "loquat/engine/engine.hpp"

namespace loquat::engine {

/// The embedded engine. The file is opened at the first query, again if that failed, and again when
/// another file has taken its place: what runs then ends on the old one.
class DuckDbEngine final : public contracts::QueryEngine {
 public:
  DuckDbEngine(EngineConfig config, Ports ports);
  [[nodiscard]] std::string_view dialect() const noexcept override { return "duckdb"; }
  [[nodiscard]] contracts::Task<Result<contracts::ResultSet>> execute(
      contracts::QueryRequest request) override;
  [[nodiscard]] contracts::Task<Result<std::unique_ptr<contracts::RowStream>>> open(
      contracts::QueryRequest request) override;
  /// The file's identity, size and time of change; looked at about once a second.
  [[nodiscard]] std::string data_version() const override;

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
  /// A statement whose rows are on their way.
  struct Reading;
  class Rows;
  using ReadingPtr = std::shared_ptr<Reading>;
  contracts::Task<Result<ReadingPtr>> begin(std::shared_ptr<const Job> job, Time until);
  contracts::Task<Result<std::vector<contracts::Row>>> next(ReadingPtr reading, Time until);
  /// What a statement holds in DuckDB is given back on a worker.
  contracts::Task<void> end(ReadingPtr reading);

  Ports ports_;
  Door door_;
  degradation::Guard guard_;
  std::shared_ptr<Shared> shared_;
  mutable std::string version_;
  mutable std::optional<Time> version_read_;
};

}  // namespace loquat::engine
