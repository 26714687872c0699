#pragma once
#include <string>

#include "loquat/contracts/ports.hpp"
#include "loquat/sql/parser.hpp"

namespace loquat::runtime {
class WorkerPool;
}

namespace loquat::engine {

/// The last door: lets one read-only SELECT through.
class Door {
 public:
  Door(const sql::Parser& parser, runtime::WorkerPool& pool, sql::Dialect dialect)
      : parser_(parser), pool_(pool), dialect_(dialect) {}
  /// Errors: unsupported_sql, overloaded.
  [[nodiscard]] contracts::Task<Result<void>> check(std::string sql);

 private:
  const sql::Parser& parser_;
  runtime::WorkerPool& pool_;
  sql::Dialect dialect_;
};

/// The words of the port's errors: what the guard and the client say becomes engine language.
[[nodiscard]] Error as_engine_error(Error error);

}  // namespace loquat::engine
