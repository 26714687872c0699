#include "semantic_messages.hpp"

#include <algorithm>

#include "loquat/wire/json.hpp"

namespace loquat::platform {
namespace {

using contracts::Cell;
using contracts::ColumnType;
using wire::JsonNode;
using Kind = JsonNode::Kind;

Error not_as_agreed() {
  return fail(Errc::corrupt, "The semantic layer's answer is not what it should be.");
}
bool is_time(std::string_view name) { return name.starts_with("metric_time"); }

Cell cell_of(const JsonNode& node) {
  switch (node.kind) {
    case Kind::null:
      return std::monostate{};
    case Kind::boolean:
      return node.boolean;
    case Kind::integer:
      return node.integer;
    case Kind::number:
      return node.number;
    case Kind::string:
      return node.string;
    default:
      return node.dump();
  }
}
ColumnType type_of(const Cell& cell, bool is_time_column) {
  if (is_time_column) return ColumnType::timestamp;
  if (std::holds_alternative<bool>(cell)) return ColumnType::boolean;
  if (std::holds_alternative<std::int64_t>(cell)) return ColumnType::integer;
  if (std::holds_alternative<double>(cell)) return ColumnType::number;
  if (std::holds_alternative<std::string>(cell)) return ColumnType::text;
  return ColumnType::other;
}

void write_list(wire::JsonWriter& json, std::string_view key,
                const std::vector<std::string>& items) {
  json.key(key);
  json.begin_array();
  for (const std::string& item : items) json.value(item);
  json.end_array();
}

bool has_no_words_for(const contracts::MetricQuery& query) {
  return query.comparison || !query.shares.empty() || !query.running_totals.empty() ||
         !query.having.empty() || query.top_per_group || query.fill_time_gaps ||
         query.saved_query || !query.order_by.empty();
}

}  // namespace

Result<std::string> semantic_request(const contracts::MetricQuery& query,
                                     std::string_view model_id) {
  if (has_no_words_for(query))
    return fail(Errc::invalid_request, "The semantic layer has no words for this query.");
  std::vector<std::string> dimensions;
  std::string time, grain;
  for (const std::string& name : query.group_by) {
    if (!is_time(name) || !time.empty()) {
      dimensions.push_back(name);
      continue;
    }
    const auto mark = name.find("__");
    time = name.substr(0, mark);
    if (mark != std::string::npos) grain = name.substr(mark + 2);
  }
  std::string out;
  wire::JsonWriter json(out);
  json.begin_object();
  json.key("modelId"), json.value(model_id);
  write_list(json, "metrics", query.metrics);
  write_list(json, "dimensions", dimensions);
  write_list(json, "filters", query.where);
  if (!time.empty()) json.key("timeDimension"), json.value(time);
  if (!grain.empty()) json.key("timeGrain"), json.value(grain);
  if (query.start_time) json.key("timeRangeStart"), json.value(format_date(*query.start_time));
  if (query.end_time) json.key("timeRangeEnd"), json.value(format_date(*query.end_time));
  if (query.limit) json.key("limit"), json.value(*query.limit);
  json.end_object();
  return out;
}

Result<contracts::ResultSet> read_semantic_answer(std::string_view body,
                                                  const contracts::MetricQuery& query) {
  const auto json = wire::parse_json(body, {64U << 20U, 32, 5'000'000});
  if (!json || json->kind != Kind::object) return not_as_agreed();
  const JsonNode* rows = json->find("rows");
  if (rows == nullptr || rows->kind != Kind::array) return not_as_agreed();
  std::vector<std::string> wanted = query.group_by;
  wanted.insert(wanted.end(), query.metrics.begin(), query.metrics.end());
  std::vector<std::string> named;
  if (const JsonNode* columns = json->find("columns");
      columns != nullptr && columns->kind == Kind::array) {
    for (const JsonNode& item : columns->items) {
      const JsonNode* name = item.kind == Kind::string ? &item : item.find("name");
      named.push_back(name != nullptr ? name->string : std::string());
    }
  }
  contracts::ResultSet out;
  for (const std::string& name : wanted) {
    contracts::Column column;
    column.name = column.label = name;
    const bool is_metric = std::ranges::find(query.metrics, name) != query.metrics.end();
    column.role = is_metric       ? contracts::ColumnRole::metric
                  : is_time(name) ? contracts::ColumnRole::time
                                  : contracts::ColumnRole::dimension;
    out.columns.push_back(std::move(column));
  }
  for (const JsonNode& item : rows->items) {
    contracts::Row row;
    for (const std::string& name : wanted) {
      const JsonNode* value = nullptr;
      if (item.kind == Kind::object) value = item.find(name);
      const auto place = std::ranges::find(named, name);
      if (item.kind == Kind::array && place != named.end() && item.items.size() == named.size())
        value = &item.items[static_cast<std::size_t>(place - named.begin())];
      if (value == nullptr) return not_as_agreed();  // a column we asked for is not there
      row.push_back(cell_of(*value));
    }
    out.rows.push_back(std::move(row));
  }
  for (std::size_t i = 0; i < out.columns.size(); ++i)
    for (const contracts::Row& row : out.rows)
      if (!contracts::is_null(row[i])) {
        out.columns[i].type = type_of(row[i], is_time(out.columns[i].name));
        break;
      }
  return out;
}

}  // namespace loquat::platform
