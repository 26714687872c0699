#pragma once
#include "bodies.hpp"
#include "groups.hpp"

/// A metric query's rows as lines of JSON while the engine still reads them.
namespace loquat::api {

[[nodiscard]] bool wants_row_lines(const Call& call);
/// How long one stream may wait for its reader, in all: meanwhile its query keeps a turn that
/// others of the tenant wait for.
inline constexpr auto kReaderWait = std::chrono::minutes(2);
/// Writes head, rows and tail. Past kReaderWait the rows end with an error in the tail; they are
/// let go, and with them the turn, before the tail is written.
[[nodiscard]] Task<void> write_rows(net::BodyWriter& writer,
                                    std::unique_ptr<contracts::SemanticStream> rows);
/// JSON Schema of a line.
[[nodiscard]] std::string row_line_schema();
/// What cannot be begun is answered as always; what ends on the way is said in the last line.
[[nodiscard]] Task<Result<Reply>> stream_rows(contracts::SemanticQueries* semantic, Call& call,
                                              wire::QueryShape shape);

}  // namespace loquat::api
