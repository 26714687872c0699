#pragma once
#include "bodies.hpp"
#include "groups.hpp"

/// A metric query's rows as lines of JSON while the engine still reads them.
namespace loquat::api {

[[nodiscard]] bool wants_row_lines(const Call& call);
/// JSON Schema of a line.
[[nodiscard]] std::string row_line_schema();
/// What cannot be begun is answered as always; what ends on the way is said in the last line.
[[nodiscard]] Task<Result<Reply>> stream_rows(contracts::SemanticQueries* semantic, Call& call,
                                              wire::QueryShape shape);

}  // namespace loquat::api
