#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "loquat/base/enum_names.hpp"
#include "loquat/base/result.hpp"
#include "loquat/sql/tree.hpp"

namespace loquat::sql {

enum class Dialect { duckdb, trino };

inline constexpr std::size_t kStatementBytesMax = 64 << 10;

/// Reads statements with DuckDB's parser, in a database of its own that is empty, in memory, and
/// locked: no file, no network, no setting. Thread safe, one statement at a time; **blocks** for
/// well under a millisecond per kilobyte: call it on the worker pool.
class Parser {
 public:
  Parser();  ///< Throws std::runtime_error if the library cannot start.
  ~Parser();
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  /// One SELECT (also VALUES, TABLE, FROM first).
  /// Errors: unsupported_sql for anything else, more than one statement, too long or too deep. The
  /// detail says what is wrong and where.
  [[nodiscard]] Result<Statement> parse(std::string_view sql, Dialect dialect) const;
  /// As `parse`, and also CREATE TABLE … AS and INSERT INTO … SELECT: for lineage, never for
  /// running.
  [[nodiscard]] Result<Statement> parse_writing(std::string_view sql, Dialect dialect) const;

  /// True if the engine that this parser comes from has a scalar, aggregate or macro of that name.
  [[nodiscard]] bool knows_function(std::string_view name) const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace loquat::sql

namespace loquat {
LOQUAT_ENUM(sql::Dialect, 2, {{{sql::Dialect::duckdb, "duckdb"}, {sql::Dialect::trino, "trino"}}});
}  // namespace loquat
