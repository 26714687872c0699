#pragma once
#include <duckdb.h>

#include <string>
#include <string_view>
#include <vector>

#include "loquat/base/result.hpp"

namespace loquat::sql {

/// A locked, empty, in-memory DuckDB used for its parser and its list of functions.
class Handle {
 public:
  Handle();  ///< Throws std::runtime_error.
  ~Handle();
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  /// First column of the answer to a fixed statement of ours.
  [[nodiscard]] std::vector<std::string> column(const char* sql);
  /// Calls one of our prepared one-argument functions. Errors: unsupported_sql.
  [[nodiscard]] Result<std::string> serialize(std::string_view sql) { return call(parse_, sql); }
  [[nodiscard]] Result<std::string> sha256(std::string_view text) { return call(hash_, text); }

 private:
  void close() noexcept;
  void run(const char* sql);
  void prepare(const char* sql, duckdb_prepared_statement& into);
  Result<std::string> call(duckdb_prepared_statement statement, std::string_view argument);

  duckdb_database database_ = nullptr;
  duckdb_connection connection_ = nullptr;
  duckdb_prepared_statement parse_ = nullptr;
  duckdb_prepared_statement hash_ = nullptr;
};

}  // namespace loquat::sql
