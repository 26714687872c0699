#include "database.hpp"

#include <utility>

#include "cells.hpp"
#include "errors.hpp"

namespace loquat::engine {
namespace {

struct Answer {
  duckdb_result raw{};
  ~Answer() { duckdb_destroy_result(&raw); }
};
struct Prepared {
  duckdb_prepared_statement raw = nullptr;
  Prepared() = default;
  Prepared(const Prepared&) = delete;
  Prepared& operator=(const Prepared&) = delete;
  ~Prepared() { duckdb_destroy_prepare(&raw); }
};
struct LogicalType {
  duckdb_logical_type raw;
  explicit LogicalType(duckdb_logical_type type) : raw(type) {}
  LogicalType(const LogicalType&) = delete;
  LogicalType& operator=(const LogicalType&) = delete;
  ~LogicalType() { duckdb_destroy_logical_type(&raw); }
};

struct Shape {
  std::vector<contracts::Column> columns;
  std::vector<ColumnReader> readers;
  bool needs_cast = false;
};

Shape shape_of(duckdb_prepared_statement statement) {
  Shape out;
  const idx_t count = duckdb_prepared_statement_column_count(statement);
  for (idx_t i = 0; i < count; ++i) {
    const LogicalType type(duckdb_prepared_statement_column_logical_type(statement, i));
    const char* name = duckdb_prepared_statement_column_name(statement, i);
    contracts::Column column;
    column.name = name == nullptr ? std::string() : std::string(name);
    duckdb_free(const_cast<char*>(name));
    column.label = column.name;
    column.type = column_type(type.raw, column.native_type);
    out.columns.push_back(std::move(column));
    out.readers.push_back(reader_of(type.raw));
    if (!is_plain(out.readers.back().type)) out.needs_cast = true;
  }
  return out;
}

/// The same rows with every column that has no plain form as text.
std::string with_casts(const std::string& sql, const Shape& shape) {
  std::string inner = sql;
  while (!inner.empty() && (inner.back() == ';' || inner.back() == ' ' || inner.back() == '\n'))
    inner.pop_back();
  std::string out = "SELECT ";
  for (std::size_t i = 0; i < shape.readers.size(); ++i) {
    if (i > 0) out += ", ";
    const std::string place = "#" + std::to_string(i + 1);
    out += is_plain(shape.readers[i].type) ? place : "CAST(" + place + " AS VARCHAR)";
  }
  return out + " FROM (" + inner + "\n) AS shown";
}

std::vector<contracts::Row> rows_of(duckdb_data_chunk chunk, const Shape& shape) {
  const idx_t rows = duckdb_data_chunk_get_size(chunk);
  std::vector<contracts::Row> out;
  out.reserve(rows);
  for (idx_t row = 0; row < rows; ++row) {
    contracts::Row made;
    made.reserve(shape.readers.size());
    for (idx_t column = 0; column < shape.readers.size(); ++column)
      made.push_back(
          read_cell(shape.readers[column], duckdb_data_chunk_get_vector(chunk, column), row));
    out.push_back(std::move(made));
  }
  return out;
}

}  // namespace

Connection::~Connection() { duckdb_disconnect(&raw_); }

void Connection::interrupt() noexcept {
  stop_ = true;
  duckdb_interrupt(raw_);
}

std::optional<Error> Connection::start(duckdb_prepared_statement statement, duckdb_result& into) {
  // DuckDB forgets interrupts when a statement is set up; one that came before is seen in stop_,
  // one that comes after ends the execution.
  duckdb_pending_result pending = nullptr;
  std::optional<Error> failed;
  if (duckdb_pending_prepared_streaming(statement, &pending) != DuckDBSuccess)
    failed = failure_of_prepare(duckdb_pending_error(pending));
  else if (stop_)
    failed = fail(Errc::cancelled, "The query was cancelled.");
  else if (duckdb_execute_pending(pending, &into) != DuckDBSuccess)
    failed = failure_of(duckdb_result_error_type(&into), duckdb_result_error(&into));
  duckdb_destroy_pending(&pending);
  return failed;
}

struct Cursor::Parts {
  std::unique_ptr<Prepared> statement;
  Shape shape;
  Answer answer;  // before the statement in dying
};

Cursor::Cursor(Connection& connection, std::unique_ptr<Parts> parts)
    : connection_(connection), parts_(std::move(parts)) {}

Cursor::~Cursor() = default;

std::vector<contracts::Column> Cursor::columns() const { return parts_->shape.columns; }

Result<std::vector<contracts::Row>> Cursor::read() {
  duckdb_result& raw = parts_->answer.raw;
  while (!connection_.stop_) {
    duckdb_data_chunk chunk = duckdb_fetch_chunk(raw);
    if (chunk == nullptr) break;
    auto rows = rows_of(chunk, parts_->shape);
    duckdb_destroy_data_chunk(&chunk);
    if (!rows.empty()) return rows;
  }
  if (const char* message = duckdb_result_error(&raw); message != nullptr && *message != 0)
    return failure_of(duckdb_result_error_type(&raw), message);
  if (connection_.stop_) return fail(Errc::cancelled, "The query was cancelled.");
  return std::vector<contracts::Row>();
}

Result<std::unique_ptr<Cursor>> Connection::start(const std::string& sql) {
  auto parts = std::make_unique<Cursor::Parts>();
  parts->statement = std::make_unique<Prepared>();
  if (duckdb_prepare(raw_, sql.c_str(), &parts->statement->raw) != DuckDBSuccess)
    return failure_of_prepare(duckdb_prepare_error(parts->statement->raw));
  Shape& shape = parts->shape;
  shape = shape_of(parts->statement->raw);
  if (shape.needs_cast) {
    const std::string shown = with_casts(sql, shape);
    parts->statement = std::make_unique<Prepared>();
    if (duckdb_prepare(raw_, shown.c_str(), &parts->statement->raw) != DuckDBSuccess)
      return fail(Errc::query_failed, "The result has a column type that cannot be shown.");
    for (ColumnReader& reader : shape.readers)
      if (!is_plain(reader.type)) reader = {DUCKDB_TYPE_VARCHAR, DUCKDB_TYPE_INVALID, 0};
  }
  if (auto failed = start(parts->statement->raw, parts->answer.raw)) return *failed;
  return std::make_unique<Cursor>(*this, std::move(parts));
}

Result<contracts::ResultSet> Connection::run(const std::string& sql, std::int64_t row_limit) {
  auto cursor = start(sql);
  if (!cursor) return cursor.error();
  contracts::ResultSet out;
  out.columns = (*cursor)->columns();
  for (;;) {
    auto rows = (*cursor)->read();
    if (!rows) return rows.error();
    if (rows->empty()) return out;
    for (contracts::Row& row : *rows) {
      if (static_cast<std::int64_t>(out.rows.size()) >= row_limit) {
        out.truncated = true;
        return out;
      }
      out.rows.push_back(std::move(row));
    }
  }
}

Result<std::unique_ptr<Database>> Database::open(const DatabaseOptions& options) {
  duckdb_config config = nullptr;
  duckdb_create_config(&config);
  const std::string threads = std::to_string(options.threads);
  const std::string memory = std::to_string(options.memory_mib) + "MiB";
  bool is_set = true;
  for (const auto& [key, value] : {std::pair<const char*, const char*>{"access_mode", "READ_ONLY"},
                                   {"threads", threads.c_str()},
                                   {"memory_limit", memory.c_str()},
                                   {"autoinstall_known_extensions", "false"},
                                   {"autoload_known_extensions", "false"},
                                   {"allow_community_extensions", "false"},
                                   {"allow_unsigned_extensions", "false"}})
    is_set = duckdb_set_config(config, key, value) == DuckDBSuccess && is_set;
  duckdb_database raw = nullptr;
  const bool opened =
      is_set && duckdb_open_ext(options.path.c_str(), &raw, config, nullptr) == DuckDBSuccess;
  duckdb_destroy_config(&config);
  if (!opened) return fail(Errc::query_engine_unavailable, "The database file cannot be opened.");
  std::unique_ptr<Database> out(new Database(raw));
  duckdb_connection connection = nullptr;
  if (duckdb_connect(raw, &connection) != DuckDBSuccess)
    return fail(Errc::query_engine_unavailable, "The database file cannot be opened.");
  // The order matters: nothing can be changed after the last one, and an empty temp_directory keeps
  // a memory limit from spilling into files.
  for (const char* sql : {"SET temp_directory = ''", "SET TimeZone = 'UTC'",
                          "SET enable_external_access = false", "SET lock_configuration = true"}) {
    Answer answer;
    is_set = duckdb_query(connection, sql, &answer.raw) == DuckDBSuccess && is_set;
  }
  duckdb_disconnect(&connection);
  if (!is_set) return fail(Errc::query_engine_unavailable, "The database cannot be locked down.");
  return out;
}

Database::~Database() { duckdb_close(&raw_); }

Result<std::unique_ptr<Connection>> Database::connect() {
  duckdb_connection raw = nullptr;
  if (duckdb_connect(raw_, &raw) != DuckDBSuccess)
    return fail(Errc::query_engine_unavailable, "The database takes no further connection.");
  return std::make_unique<Connection>(raw);
}

}  // namespace loquat::engine
