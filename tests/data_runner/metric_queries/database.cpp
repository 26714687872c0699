#include "database.hpp"

#include <duckdb.h>

#include <stdexcept>

namespace loquat::golden {

Database::Database(const std::string& path) {
  duckdb_config config = nullptr;
  duckdb_create_config(&config);
  if (path != ":memory:") duckdb_set_config(config, "access_mode", "READ_ONLY");
  duckdb_set_config(config, "threads", "2");
  duckdb_database database = nullptr;
  char* error = nullptr;
  const auto opened = duckdb_open_ext(path.c_str(), &database, config, &error);
  duckdb_destroy_config(&config);
  if (opened == DuckDBError) {
    std::string message = error ? error : "cannot open";
    duckdb_free(error);
    throw std::runtime_error(message);
  }
  duckdb_connection connection = nullptr;
  duckdb_connect(database, &connection);
  database_ = database;
  connection_ = connection;
}

Database::~Database() {
  auto connection = static_cast<duckdb_connection>(connection_);
  auto database = static_cast<duckdb_database>(database_);
  duckdb_disconnect(&connection);
  duckdb_close(&database);
}

Answer Database::run(const std::string& sql) {
  Answer out;
  duckdb_result result;
  if (duckdb_query(static_cast<duckdb_connection>(connection_), sql.c_str(), &result) ==
      DuckDBError) {
    const char* message = duckdb_result_error(&result);
    out.error = message ? message : "unknown error";
  } else {
    const idx_t width = duckdb_column_count(&result);
    for (idx_t c = 0; c < width; ++c) out.columns.emplace_back(duckdb_column_name(&result, c));
    for (idx_t r = 0; r < duckdb_row_count(&result); ++r) {
      auto& row = out.rows.emplace_back();
      for (idx_t c = 0; c < width; ++c) {
        char* text = duckdb_value_varchar(&result, c, r);
        row.emplace_back(text && !duckdb_value_is_null(&result, c, r) ? text : kNull);
        duckdb_free(text);
      }
    }
  }
  duckdb_destroy_result(&result);
  return out;
}

}  // namespace loquat::golden
