#pragma once
#include <duckdb.h>

#include "loquat/base/error.hpp"

namespace loquat::engine {

/// DuckDB's error as ours. Names of columns and tables may pass, so that a person can mend the
/// statement; paths, and messages that quote values of the data, do not.
[[nodiscard]] Error failure_of(duckdb_error_type type, const char* message);
[[nodiscard]] Error failure_of_prepare(const char* message);

}  // namespace loquat::engine
