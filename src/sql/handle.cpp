#include "handle.hpp"

#include <stdexcept>

namespace loquat::sql {
namespace {

struct Answer {
  duckdb_result raw{};
  ~Answer() { duckdb_destroy_result(&raw); }
};

std::string text_of(duckdb_result& result, idx_t column, idx_t row) {
  char* text = duckdb_value_varchar(&result, column, row);
  std::string out = text == nullptr ? std::string() : std::string(text);
  duckdb_free(text);
  return out;
}

}  // namespace

Handle::Handle() {
  duckdb_config config = nullptr;
  duckdb_create_config(&config);
  for (const auto& [key, value] : {std::pair{"threads", "1"},
                                   {"memory_limit", "256MB"},
                                   {"autoinstall_known_extensions", "false"},
                                   {"autoload_known_extensions", "false"}})
    duckdb_set_config(config, key, value);
  const bool opened = duckdb_open_ext(nullptr, &database_, config, nullptr) == DuckDBSuccess;
  duckdb_destroy_config(&config);
  if (!opened || duckdb_connect(database_, &connection_) != DuckDBSuccess) {
    close();
    throw std::runtime_error("DuckDB's parser does not start");
  }
  try {
    run("SET temp_directory = ''");
    run("SET enable_external_access = false");
    run("SET lock_configuration = true");
    prepare("SELECT json_serialize_sql($1::VARCHAR, skip_null := true, skip_empty := true)",
            parse_);
    prepare("SELECT sha256($1::VARCHAR)", hash_);
  } catch (...) {
    close();
    throw;
  }
}

Handle::~Handle() { close(); }

void Handle::close() noexcept {
  if (parse_ != nullptr) duckdb_destroy_prepare(&parse_);
  if (hash_ != nullptr) duckdb_destroy_prepare(&hash_);
  if (connection_ != nullptr) duckdb_disconnect(&connection_);
  if (database_ != nullptr) duckdb_close(&database_);
}

void Handle::run(const char* sql) {
  if (Answer answer; duckdb_query(connection_, sql, &answer.raw) != DuckDBSuccess)
    throw std::runtime_error(std::string("DuckDB refuses: ") + sql);
}

void Handle::prepare(const char* sql, duckdb_prepared_statement& into) {
  if (duckdb_prepare(connection_, sql, &into) != DuckDBSuccess)
    throw std::runtime_error(std::string("DuckDB cannot prepare: ") + sql);
}

std::vector<std::string> Handle::column(const char* sql) {
  Answer answer;
  if (duckdb_query(connection_, sql, &answer.raw) != DuckDBSuccess)
    throw std::runtime_error(std::string("DuckDB refuses: ") + sql);
  std::vector<std::string> out;
  for (idx_t row = 0; row < duckdb_row_count(&answer.raw); ++row)
    out.push_back(text_of(answer.raw, 0, row));
  return out;
}

Result<std::string> Handle::call(duckdb_prepared_statement statement, std::string_view argument) {
  duckdb_clear_bindings(statement);
  if (duckdb_bind_varchar_length(statement, 1, argument.data(), argument.size()) != DuckDBSuccess)
    return fail(Errc::unsupported_sql, "The statement is not text in UTF-8.");
  Answer answer;
  if (duckdb_execute_prepared(statement, &answer.raw) != DuckDBSuccess ||
      duckdb_row_count(&answer.raw) != 1)
    return fail(Errc::unsupported_sql, "The statement cannot be read.");
  return text_of(answer.raw, 0, 0);
}

}  // namespace loquat::sql
