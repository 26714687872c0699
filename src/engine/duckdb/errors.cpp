#include "errors.hpp"

#include <string>
#include <string_view>

#include "loquat/base/result.hpp"
#include "loquat/base/utf8.hpp"

namespace loquat::engine {
namespace {

/// The first line, if it can hold no path.
std::string shown(const char* message, std::string_view otherwise) {
  std::string_view line = message == nullptr ? std::string_view() : std::string_view(message);
  line = line.substr(0, line.find('\n'));
  if (line.empty() || line.find_first_of("/\\") != line.npos) return std::string(otherwise);
  return std::string(clip_utf8(line, 300));
}

}  // namespace

Error failure_of(duckdb_error_type type, const char* message) {
  switch (type) {
    case DUCKDB_ERROR_INTERRUPT:
      return fail(Errc::cancelled, "The query was cancelled.");
    case DUCKDB_ERROR_OUT_OF_MEMORY:
      return fail(Errc::query_failed, "The query needs more memory than it may use.");
    case DUCKDB_ERROR_CATALOG:
    case DUCKDB_ERROR_BINDER:
    case DUCKDB_ERROR_PARSER:
    case DUCKDB_ERROR_SYNTAX:
      return fail(Errc::query_failed,
                  shown(message, "The query names something that is not there."));
    case DUCKDB_ERROR_CONVERSION:
    case DUCKDB_ERROR_INVALID_INPUT:
    case DUCKDB_ERROR_OUT_OF_RANGE:
      return fail(Errc::query_failed, "A value does not fit the type that the query asks for.");
    case DUCKDB_ERROR_PERMISSION:
      return fail(Errc::query_failed, "The query asks for something that is not allowed.");
    case DUCKDB_ERROR_IO:
    case DUCKDB_ERROR_FATAL:
    case DUCKDB_ERROR_INTERNAL:
    case DUCKDB_ERROR_CONNECTION:
      return fail(Errc::query_engine_unavailable, "The database failed.");
    default:
      return fail(Errc::query_failed, "The database refused the query.");
  }
}

Error failure_of_prepare(const char* message) {
  const std::string_view text = message == nullptr ? std::string_view() : std::string_view(message);
  if (text.starts_with("Conversion Error") || text.starts_with("Invalid Input"))
    return failure_of(DUCKDB_ERROR_CONVERSION, message);
  if (text.starts_with("Permission Error")) return failure_of(DUCKDB_ERROR_PERMISSION, message);
  if (text.starts_with("IO Error") || text.starts_with("FATAL") || text.starts_with("INTERNAL"))
    return failure_of(DUCKDB_ERROR_IO, message);
  if (text.starts_with("INTERRUPT")) return failure_of(DUCKDB_ERROR_INTERRUPT, message);
  return failure_of(DUCKDB_ERROR_BINDER, message);
}

}  // namespace loquat::engine
