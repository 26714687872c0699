#include <algorithm>
#include <set>

#include "loquat/agents/viz.hpp"
#include "loquat/wire/json.hpp"

namespace loquat::agents {
namespace {

using contracts::Column;
using contracts::ColumnRole;
using contracts::ColumnType;
using contracts::ResultSet;
using wire::JsonWriter;

constexpr std::size_t kBarsMax = 60;
constexpr std::size_t kSeriesMax = 12;

struct Shape {
  const Column* time = nullptr;
  const Column* x = nullptr;       ///< the first dimension, or the time column
  const Column* series = nullptr;  ///< a second grouping, if it is small enough to tell apart
  const Column* y = nullptr;
  std::size_t groupings = 0;
};

std::size_t distinct(const ResultSet& rows, const Column& column) {
  const auto at = static_cast<std::size_t>(&column - rows.columns.data());
  std::set<contracts::Cell> seen;
  for (const auto& row : rows.rows) {
    seen.insert(row[at]);
    if (seen.size() > kBarsMax) break;
  }
  return seen.size();
}

Shape shape_of(const ResultSet& rows) {
  Shape shape;
  std::vector<const Column*> dimensions;
  for (const auto& column : rows.columns) {
    if (column.role == ColumnRole::metric && shape.y == nullptr) shape.y = &column;
    if (column.role == ColumnRole::time && shape.time == nullptr)
      shape.time = &column;
    else if (column.role == ColumnRole::time || column.role == ColumnRole::dimension)
      dimensions.push_back(&column);
  }
  shape.groupings = dimensions.size() + (shape.time != nullptr ? 1 : 0);
  if (shape.time != nullptr) {
    shape.x = shape.time;
    if (dimensions.size() == 1) shape.series = dimensions[0];
  } else if (!dimensions.empty()) {
    shape.x = dimensions[0];
    if (dimensions.size() == 2) shape.series = dimensions[1];
  }
  if (shape.series != nullptr && distinct(rows, *shape.series) > kSeriesMax)
    shape.series = nullptr, shape.x = nullptr;
  return shape;
}

bool is_temporal(const Column& column) {
  return column.type == ColumnType::timestamp || column.type == ColumnType::date;
}

std::vector<std::string> possible_types(const ResultSet& rows, const Shape& shape) {
  if (rows.rows.empty() || shape.y == nullptr) return {"table"};
  if (shape.groupings == 0)
    return rows.rows.size() == 1 ? std::vector<std::string>{"number", "table"}
                                 : std::vector<std::string>{"table"};
  if (shape.x == nullptr || shape.groupings > 2) return {"table"};
  const bool few = distinct(rows, *shape.x) <= kBarsMax;
  if (shape.time != nullptr && is_temporal(*shape.time)) {
    std::vector<std::string> types{"line", "area"};
    if (few) types.push_back(shape.series != nullptr ? "grouped_bar" : "bar");
    types.push_back("table");
    return types;
  }
  if (!few) return {"table"};
  return {shape.series != nullptr ? "grouped_bar" : "bar", "table"};
}

void member(JsonWriter& out, std::string_view key, std::string_view value) {
  out.key(key);
  out.value(value);
}

void channel(JsonWriter& out, std::string_view name, const Column& column, std::string_view type,
             std::string_view sort) {
  out.key(name);
  out.begin_object();
  // Vega-Lite reads dots and brackets in a field as a path; a backslash before them makes them
  // plain.
  std::string field;
  for (const char c : column.name) {
    if (c == '.' || c == '[' || c == ']') field += '\\';
    field += c;
  }
  member(out, "field", field);
  member(out, "type", type);
  member(out, "title", column.label);
  if (sort == "null") {
    out.key("sort");
    out.null();
  }
  out.end_object();
}

std::string spec_of(const ResultSet& rows, const Shape& shape, const std::string& type) {
  std::string text;
  JsonWriter out(text);
  const bool is_bar = type == "bar" || type == "grouped_bar";
  const bool temporal = is_temporal(*shape.x);
  // Names are read more easily beside horizontal bars; time runs from left to right.
  const bool is_horizontal = is_bar && !temporal && shape.series == nullptr;
  const std::string_view x_type = temporal && !is_bar ? "temporal"
                                  : temporal          ? "ordinal"
                                                      : "nominal";
  out.begin_object();
  member(out, "$schema", "https://vega.github.io/schema/vega-lite/v5.json");
  out.key("data");
  out.begin_object();
  member(out, "name", "rows");
  out.end_object();
  out.key("mark");
  out.begin_object();
  member(out, "type", is_bar ? "bar" : type);
  out.key("tooltip");
  out.value(true);
  if (type == "line" && rows.rows.size() <= kBarsMax) {
    out.key("point");
    out.value(true);
  }
  out.end_object();
  out.key("encoding");
  out.begin_object();
  channel(out, is_horizontal ? "y" : "x", *shape.x, x_type, temporal && !is_bar ? "" : "null");
  channel(out, is_horizontal ? "x" : "y", *shape.y, "quantitative", "");
  if (shape.series != nullptr) {
    channel(out, "color", *shape.series, "nominal", "null");
    if (type == "grouped_bar") channel(out, "xOffset", *shape.series, "nominal", "null");
  }
  out.end_object();
  out.end_object();
  return text;
}

}  // namespace

ChartChoice choose_chart(const ResultSet& rows, const std::string& preferred) {
  const Shape shape = shape_of(rows);
  const auto types = possible_types(rows, shape);
  ChartChoice choice;
  choice.visualization.type = types.front();
  if (std::ranges::find(types, preferred) != types.end()) {
    choice.was_preferred = preferred != types.front();
    choice.visualization.type = preferred;
  }
  const std::string& type = choice.visualization.type;
  if (shape.y != nullptr) choice.visualization.y_axis = shape.y->name;
  if (type == "table" || type == "number") return choice;
  choice.visualization.x_axis = shape.x->name;
  if (shape.series != nullptr) choice.visualization.series = shape.series->name;
  choice.visualization.spec.text = spec_of(rows, shape, type);
  return choice;
}

}  // namespace loquat::agents
