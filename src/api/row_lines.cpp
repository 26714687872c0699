#include "row_lines.hpp"

#include "loquat/wire/error_codes.hpp"

namespace loquat::api {
namespace {

/// First line of a stream of rows.
struct StreamHead {
  std::vector<wire::AnswerColumn> columns;
  std::string sql, dialect, query_id, model_version;
  wire::QueryShape query;
  std::vector<std::string> warnings;
  template <class V>
  void fields(V& v) {
    v("columns", columns, "In the order of the row's values.");
    v("sql", sql, "The statement that runs.");
    v("dialect", dialect, "duckdb or trino.");
    v("query_id", query_id, "For lineage and traces.");
    v("model_version", model_version, "Version of the imported dbt model.");
    v("query", query, "As it was understood.");
    v("warnings", warnings, "What is to be known of the rows, e.g. that values are masked.");
  }
};
struct StreamError {
  std::string code, message;
  template <class V>
  void fields(V& v) {
    v("code", code, "For machines, as in the envelope of other answers.");
    v("message", message, "For people.");
  }
};
/// Last line of it. Without it the stream was cut.
struct StreamTail {
  std::int64_t row_count = 0;
  bool truncated = false;
  std::optional<StreamError> error;
  template <class V>
  void fields(V& v) {
    v("row_count", row_count, "Rows before this line.");
    v("truncated", truncated, "True if there were more rows than semantic.stream_rows_max.");
    v("error", error, "Why rows are missing; absent: all are there.");
  }
};

constexpr std::string_view kLines = "application/x-ndjson";
/// A reader may take its time over many rows; the engine's own limits hold all the same.
constexpr auto kStreamTime = std::chrono::minutes(15);
constexpr std::size_t kBytesPerWrite = 64U << 10U;

}  // namespace

Task<void> write_rows(net::BodyWriter& writer, std::unique_ptr<contracts::SemanticStream> rows) {
  const auto& head = rows->head();
  StreamHead first{head.data.columns,  head.sql,   head.dialect, head.query_id,
                   head.model_version, head.query, head.warnings};
  std::string text = wire::encode(first) + '\n';
  StreamTail tail;
  Clock::duration waited{};
  while (!tail.error) {
    auto lines = co_await rows->next();
    if (!lines) {
      const auto& error = lines.error();
      tail.error = StreamError{std::string(wire::to_http(error.code).name), error.detail};
      break;
    }
    if (lines->empty()) break;
    for (const std::string& line : *lines) {
      text += line;
      text += '\n';
      ++tail.row_count;
      if (text.size() < kBytesPerWrite) continue;
      const Time began = Clock::now();
      const auto written = co_await writer.write(text);
      if (!written) co_return;
      text.clear();
      waited += Clock::now() - began;
      if (waited < kReaderWait) continue;
      tail.error = StreamError{std::string(wire::to_http(Errc::timed_out).name),
                               "The reader was waited for for two minutes in all; ask for fewer "
                               "rows or read faster."};
      break;
    }
  }
  tail.truncated = rows->is_truncated();
  rows.reset();
  text += wire::encode(tail) + '\n';
  const auto written = co_await writer.write(text);
  static_cast<void>(written);
}

Task<Result<Reply>> stream_rows(contracts::SemanticQueries* semantic, Call& call,
                                wire::QueryShape shape) {
  const Time until = Clock::now() + kStreamTime;
  auto opened = co_await semantic->open(call.principal, call.context, std::move(shape), until);
  if (!opened) co_return opened.error();
  const auto rows =
      std::make_shared<std::unique_ptr<contracts::SemanticStream>>(std::move(*opened));
  net::Response response;
  response.headers.set("Content-Type", std::string(kLines));
  response.headers.set("Cache-Control", "no-store");
  response.headers.set("X-Accel-Buffering", "no");
  response.stream = [rows](net::BodyWriter& writer) {
    return write_rows(writer, std::move(*rows));
  };
  co_return edge::reply_whole(std::move(response));
}

bool wants_row_lines(const Call& call) {
  return call.request.header("Accept").find(kLines) != std::string_view::npos;
}

std::string row_line_schema() {
  return R"({"description":"First line: the head. Then each row, an array of values in the order )"
         R"(of the columns. Last line: the tail; without it the stream was cut.","oneOf":[)" +
         wire::inline_schema<StreamHead>() + R"(,{"type":"array","items":{}},)" +
         wire::inline_schema<StreamTail>() + "]}";
}

}  // namespace loquat::api
