#include "trino_page.hpp"

#include "peer.hpp"
#include "values.hpp"

namespace loquat::engine {
namespace {

using wire::JsonNode;
using Kind = JsonNode::Kind;

std::string cell_text(const JsonNode& node, std::string_view key) {
  const JsonNode* found = node.find(key);
  return found != nullptr && found->kind == Kind::string ? found->string : std::string();
}

/// Only what the user's own statement did wrong may be shown; the rest is the engine's.
Error error_of(const JsonNode& node) {
  const std::string type = cell_text(node, "errorType"), name = cell_text(node, "errorName");
  if (name == "USER_CANCELED") return fail(Errc::cancelled, "The query was cancelled.");
  if (name == "EXCEEDED_TIME_LIMIT") return fail(Errc::query_timeout, "The query took too long.");
  const bool quotes_values = name == "INVALID_CAST_ARGUMENT" || name == "INVALID_FUNCTION_ARGUMENT";
  if (type == "USER_ERROR" && !quotes_values)
    return fail(Errc::query_failed,
                shown_message(cell_text(node, "message"), "The query engine refused the query."));
  if (type == "USER_ERROR")
    return fail(Errc::query_failed, "A value does not fit what the query does with it.");
  if (type == "INSUFFICIENT_RESOURCES")
    return fail(Errc::query_failed, "The query needs more than the engine may give it.");
  return fail(Errc::unavailable, "The query engine failed.");
}

}  // namespace

Result<TrinoPage> read_trino_page(std::string_view body, std::vector<contracts::Column> columns) {
  const auto json = wire::parse_json(body, kPageLimits);
  if (!json || json->kind != Kind::object)
    return fail(Errc::corrupt, "The query engine's answer is not what it should be.");
  TrinoPage out;
  out.next_uri = cell_text(*json, "nextUri");
  if (const JsonNode* error = json->find("error"); error != nullptr && error->kind == Kind::object)
    out.error = error_of(*error);
  if (const JsonNode* listed = json->find("columns");
      listed != nullptr && listed->kind == Kind::array) {
    columns.clear();
    for (const JsonNode& item : listed->items) {
      contracts::Column column;
      column.name = column.label = cell_text(item, "name");
      column.native_type = cell_text(item, "type");
      column.type = column_type_of(column.native_type);
      columns.push_back(std::move(column));
    }
  }
  out.columns = std::move(columns);
  if (const JsonNode* data = json->find("data"); data != nullptr && data->kind == Kind::array) {
    for (const JsonNode& item : data->items) {
      if (item.kind != Kind::array || item.items.size() != out.columns.size())
        return fail(Errc::corrupt, "A row of the query engine does not fit its columns.");
      contracts::Row row;
      for (std::size_t i = 0; i < item.items.size(); ++i)
        row.push_back(cell_of(item.items[i], out.columns[i].type));
      out.rows.push_back(std::move(row));
    }
  }
  return out;
}

}  // namespace loquat::engine
