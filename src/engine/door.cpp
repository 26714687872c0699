#include "door.hpp"

#include "loquat/engine/engine.hpp"
#include "loquat/runtime/worker_pool.hpp"
#include "loquat/sql/guard.hpp"

namespace loquat::engine {
namespace {

Result<contracts::StatementFacts> facts_of(const sql::Parser& parser, const std::string& text,
                                           sql::Dialect dialect) {
  auto statement = parser.parse(text, dialect);
  if (!statement) return statement.error();
  sql::Findings found = sql::examine(*statement, dialect, parser);
  contracts::StatementFacts out;
  out.is_single_select = true;
  out.tables = std::move(found.tables);
  out.problems = std::move(found.problems);
  out.fingerprint = std::move(statement->fingerprint);
  return out;
}

class Inspector final : public contracts::SqlInspector {
 public:
  Inspector(const sql::Parser& parser, runtime::WorkerPool& pool) : parser_(parser), pool_(pool) {}
  contracts::Task<Result<contracts::StatementFacts>> inspect(std::string text,
                                                             std::string dialect) override {
    const auto known = enum_from<sql::Dialect>(dialect);
    if (!known) co_return fail(Errc::unsupported_sql, "The dialect is duckdb or trino.");
    auto work = [this, text = std::move(text), dialect = *known] {
      return facts_of(parser_, text, dialect);
    };
    co_return co_await pool_.run(std::move(work));
  }

 private:
  const sql::Parser& parser_;
  runtime::WorkerPool& pool_;
};

}  // namespace

contracts::Task<Result<void>> Door::check(std::string sql) {
  auto work = [this, sql = std::move(sql)] { return facts_of(parser_, sql, dialect_); };
  const auto facts = co_await pool_.run(std::move(work));
  if (!facts) co_return facts.error();
  if (facts->problems.empty()) co_return Result<void>();
  std::string why;
  for (const std::string& problem : facts->problems) why += (why.empty() ? "" : " ") + problem;
  co_return fail(Errc::unsupported_sql, std::move(why));
}

Error as_engine_error(Error error) {
  switch (error.code) {
    case Errc::timed_out:
      return fail(Errc::query_timeout, "The query took too long and was stopped.");
    case Errc::unavailable:
    case Errc::io:
    case Errc::corrupt:
    case Errc::overloaded:
    case Errc::payload_too_large:
    case Errc::invalid_request:
      error.code = Errc::query_engine_unavailable;
      return error;
    default:
      return error;
  }
}

std::unique_ptr<contracts::SqlInspector> make_inspector(const sql::Parser& parser,
                                                        runtime::WorkerPool& pool) {
  return std::make_unique<Inspector>(parser, pool);
}

}  // namespace loquat::engine
