#include "platform_answer.hpp"

#include "loquat/net/http.hpp"
#include "peer.hpp"
#include "values.hpp"

namespace loquat::engine {
namespace {

using wire::JsonNode;
using Kind = JsonNode::Kind;

std::string text_of(const JsonNode& node, std::string_view key) {
  const JsonNode* found = node.find(key);
  return found != nullptr && found->kind == Kind::string ? found->string : std::string();
}
Error not_as_agreed() {
  return fail(Errc::corrupt, "The query engine's answer is not what it should be.");
}
Result<JsonNode> object(std::string_view body) {
  auto json = wire::parse_json(body, kPageLimits);
  if (!json || json->kind != Kind::object) return not_as_agreed();
  return json;
}

contracts::Column column_of(const JsonNode& item) {
  contracts::Column out;
  out.name = item.kind == Kind::string ? item.string : text_of(item, "name");
  out.label = out.name;
  out.native_type = item.kind == Kind::object ? text_of(item, "type") : std::string();
  out.type = column_type_of(out.native_type);
  return out;
}

/// Without a named type a column is what its values are.
contracts::ColumnType type_of_values(const contracts::Cell& cell) {
  if (std::holds_alternative<bool>(cell)) return contracts::ColumnType::boolean;
  if (std::holds_alternative<std::int64_t>(cell)) return contracts::ColumnType::integer;
  if (std::holds_alternative<double>(cell)) return contracts::ColumnType::number;
  if (std::holds_alternative<std::string>(cell)) return contracts::ColumnType::text;
  return contracts::ColumnType::other;
}

Result<contracts::Row> row_of(const JsonNode& item, const std::vector<contracts::Column>& columns) {
  contracts::Row out;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (item.kind == Kind::array) {
      if (item.items.size() != columns.size()) return not_as_agreed();
      out.push_back(cell_of(item.items[i], columns[i].type));
    } else if (item.kind == Kind::object) {
      const JsonNode* value = item.find(columns[i].name);
      out.push_back(value == nullptr ? contracts::Cell() : cell_of(*value, columns[i].type));
    } else {
      return not_as_agreed();
    }
  }
  return out;
}

}  // namespace

Result<contracts::ResultSet> read_platform_rows(std::string_view body, std::int64_t row_limit) {
  const auto json = object(body);
  if (!json) return json.error();
  const JsonNode* columns = json->find("columns");
  const JsonNode* rows = json->find("rows");
  if (columns == nullptr || columns->kind != Kind::array || rows == nullptr ||
      rows->kind != Kind::array)
    return not_as_agreed();
  contracts::ResultSet out;
  for (const JsonNode& item : columns->items) out.columns.push_back(column_of(item));
  for (const JsonNode& item : rows->items) {
    if (static_cast<std::int64_t>(out.rows.size()) >= row_limit) {
      out.truncated = true;
      break;
    }
    auto row = row_of(item, out.columns);
    if (!row) return row.error();
    out.rows.push_back(std::move(*row));
  }
  for (std::size_t i = 0; i < out.columns.size(); ++i)
    for (const contracts::Row& row : out.rows) {
      if (!out.columns[i].native_type.empty() || contracts::is_null(row[i])) continue;
      out.columns[i].type = type_of_values(row[i]);
      break;
    }
  return out;
}

Result<PlatformStatus> read_platform_status(std::string_view body) {
  const auto json = object(body);
  if (!json) return json.error();
  using Phase = PlatformStatus::Phase;
  const std::string word = text_of(*json, "status");
  const auto is = [&](std::string_view name) { return net::equals_without_case(word, name); };
  if (word.empty()) return not_as_agreed();
  PlatformStatus out{Phase::running, text_of(*json, "error")};
  if (is("finished") || is("completed") || is("succeeded") || is("success"))
    out.phase = Phase::finished;
  if (is("failed") || is("error")) out.phase = Phase::failed;
  if (is("cancelled") || is("canceled")) out.phase = Phase::cancelled;
  return out;
}

Result<PlatformExecution> read_platform_execution(std::string_view body) {
  const auto json = object(body);
  if (!json) return json.error();
  PlatformExecution out{text_of(*json, "executionId"), text_of(*json, "statusUrl"),
                        text_of(*json, "resultsUrl"), text_of(*json, "cancelUrl")};
  if (out.id.empty() || out.id.size() > 128) return not_as_agreed();
  const std::string own = "/v1/queries/" + net::percent_encode(out.id);
  if (out.status_url.empty()) out.status_url = own + "/status";
  if (out.results_url.empty()) out.results_url = own + "/results";
  if (out.cancel_url.empty()) out.cancel_url = own + "/cancel";
  return out;
}

Error platform_error(int status, std::string_view body) {
  std::string message;
  if (const auto json = object(body)) {
    message = text_of(*json, "message");
    if (const JsonNode* error = json->find("error"); message.empty() && error != nullptr)
      message = error->kind == Kind::string ? error->string : text_of(*error, "message");
  }
  switch (status) {
    case 400:
    case 404:
      return fail(Errc::query_failed,
                  shown_message(message, "The query engine refused the query."));
    case 403:
      return fail(Errc::query_failed, "The query engine does not allow this query.");
    case 401:
      return fail(Errc::unavailable, "The query engine refuses our credentials.");
    case 408:
      return fail(Errc::query_timeout, "The query took too long and was stopped.");
    case 429:
      return fail(Errc::overloaded, "The query engine is too busy.");
    default:
      return fail(Errc::unavailable, "The query engine answered " + std::to_string(status) + ".");
  }
}

}  // namespace loquat::engine
