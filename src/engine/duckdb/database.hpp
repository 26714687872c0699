#pragma once
#include <duckdb.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "loquat/base/result.hpp"
#include "loquat/contracts/result_set.hpp"

namespace loquat::engine {

struct DatabaseOptions {
  std::string path;  ///< opened read-only; its stem becomes the catalog's name
  int threads = 2;
  std::int64_t memory_mib = 512;
};

class Connection;

/// Rows of one statement as they are read. Blocks; lives no longer than its connection.
class Cursor {
 public:
  struct Parts;
  Cursor(Connection& connection, std::unique_ptr<Parts> parts);
  ~Cursor();
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;
  [[nodiscard]] std::vector<contracts::Column> columns() const;
  /// The next rows, at most a few thousand; none: there are no more. Errors: as of Connection::run.
  [[nodiscard]] Result<std::vector<contracts::Row>> read();

 private:
  Connection& connection_;
  std::unique_ptr<Parts> parts_;
};

/// One connection, for one statement at a time. Made on any thread; `run` blocks and belongs on the
/// worker pool; `interrupt` may come from any thread at any time.
class Connection {
 public:
  explicit Connection(duckdb_connection raw) : raw_(raw) {}
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Fetches at most `row_limit` rows; one more sets `truncated`.
  /// Errors: cancelled (interrupted), query_failed, query_engine_unavailable. No detail holds a
  /// path or a value of the data.
  [[nodiscard]] Result<contracts::ResultSet> run(const std::string& sql, std::int64_t row_limit);
  /// Starts one statement. Errors: as of run. The connection takes no other one before the cursor
  /// is gone.
  [[nodiscard]] Result<std::unique_ptr<Cursor>> start(const std::string& sql);
  /// Ends the statement that runs now, or the next one.
  void interrupt() noexcept;
  /// Forgets interrupts; before a connection is used again.
  void reset() noexcept { stop_ = false; }

 private:
  friend class Cursor;
  std::optional<Error> start(duckdb_prepared_statement statement, duckdb_result& into);

  duckdb_connection raw_;
  std::atomic<bool> stop_ = false;
};

/// A database file, opened read-only and locked down: no other file, no network, no setting, no
/// spilling to disk, bounded memory. Thread safe.
class Database {
 public:
  /// **Blocks.** Errors: query_engine_unavailable; the detail names no path.
  [[nodiscard]] static Result<std::unique_ptr<Database>> open(const DatabaseOptions& options);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  /// Errors: query_engine_unavailable.
  [[nodiscard]] Result<std::unique_ptr<Connection>> connect();

 private:
  explicit Database(duckdb_database raw) : raw_(raw) {}
  duckdb_database raw_;
};

}  // namespace loquat::engine
