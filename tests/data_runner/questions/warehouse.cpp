#include <duckdb.h>

#include <stdexcept>

#include "question_set.hpp"

namespace loquat::tests {

struct Warehouse::Handle {
  duckdb_database database = nullptr;
  duckdb_connection connection = nullptr;
};

Warehouse::Warehouse(const std::filesystem::path& file) : handle_(std::make_unique<Handle>()) {
  duckdb_config config = nullptr;
  duckdb_create_config(&config);
  duckdb_set_config(config, "access_mode", "READ_ONLY");
  duckdb_set_config(config, "threads", "1");
  char* error = nullptr;
  const auto state = duckdb_open_ext(file.c_str(), &handle_->database, config, &error);
  duckdb_destroy_config(&config);
  if (state != DuckDBSuccess)
    throw std::runtime_error(error != nullptr ? error : "the warehouse does not open");
  duckdb_connect(handle_->database, &handle_->connection);
}

Warehouse::~Warehouse() {
  duckdb_disconnect(&handle_->connection);
  duckdb_close(&handle_->database);
}

Table Warehouse::run(const std::string& sql) const {
  Table table;
  duckdb_result result;
  if (duckdb_query(handle_->connection, sql.c_str(), &result) != DuckDBSuccess) {
    const char* error = duckdb_result_error(&result);
    table.error = error != nullptr ? error : "failed";
    duckdb_destroy_result(&result);
    return table;
  }
  const idx_t columns = duckdb_column_count(&result), rows = duckdb_row_count(&result);
  for (idx_t c = 0; c < columns; ++c) table.columns.emplace_back(duckdb_column_name(&result, c));
  for (idx_t r = 0; r < rows; ++r) {
    auto& row = table.rows.emplace_back();
    for (idx_t c = 0; c < columns; ++c) {
      if (duckdb_value_is_null(&result, c, r)) {
        row.emplace_back();
        continue;
      }
      char* text = duckdb_value_varchar(&result, c, r);
      row.emplace_back(text);
      duckdb_free(text);
    }
  }
  duckdb_destroy_result(&result);
  return table;
}

}  // namespace loquat::tests
