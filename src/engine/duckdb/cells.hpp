#pragma once
#include <duckdb.h>

#include <string>
#include <vector>

#include "loquat/contracts/result_set.hpp"

namespace loquat::engine {

/// How one column of a result is read.
struct ColumnReader {
  duckdb_type type = DUCKDB_TYPE_INVALID;
  duckdb_type inner = DUCKDB_TYPE_INVALID;  ///< what a decimal is stored as
  int scale = 0;
};

/// Words of ours for DuckDB's type; `native` gets DuckDB's own name, e.g. `DECIMAL(38,2)`.
[[nodiscard]] contracts::ColumnType column_type(duckdb_logical_type type, std::string& native);
[[nodiscard]] ColumnReader reader_of(duckdb_logical_type type);
/// False for types that must be cast to text before they are fetched (lists, structs, times, …).
[[nodiscard]] bool is_plain(duckdb_type type) noexcept;
/// The value in `row` of `vector`; null where the column says so.
[[nodiscard]] contracts::Cell read_cell(const ColumnReader& reader, duckdb_vector vector,
                                        idx_t row);

}  // namespace loquat::engine
