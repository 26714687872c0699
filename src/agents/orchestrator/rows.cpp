#include "loquat/agents/rows.hpp"

#include <algorithm>

namespace loquat::agents {
namespace {

void write_cell(wire::JsonWriter& out, const contracts::Cell& cell) {
  struct Visitor {
    wire::JsonWriter& out;
    void operator()(std::monostate) const { out.null(); }
    void operator()(bool b) const { out.value(b); }
    void operator()(std::int64_t i) const { out.value(i); }
    void operator()(double d) const { out.value(d); }
    void operator()(const std::string& s) const { out.value(s); }
  };
  std::visit(Visitor{out}, cell);
}

/// `Month` for `metric_time__month`; else the name.
std::string plain_label(const contracts::Column& column) {
  constexpr std::string_view kTime = "metric_time__";
  if (!column.name.starts_with(kTime) || column.name.size() == kTime.size()) return column.name;
  std::string label = column.name.substr(kTime.size());
  for (char& c : label) c = c == '_' ? ' ' : c;
  if (label[0] >= 'a' && label[0] <= 'z') label[0] = static_cast<char>(label[0] - 'a' + 'A');
  return label;
}

}  // namespace

wire::AnswerColumn to_wire(const contracts::Column& column) {
  return {column.name, column.label.empty() ? column.name : column.label,
          std::string(name_of(column.type)), std::string(name_of(column.role))};
}

wire::AnswerInsight to_wire(const wire::InsightEvent& insight) {
  wire::AnswerInsight out;
  out.insight_id = insight.event_id;
  out.insight_type = name_of(insight.insight_type);
  out.severity = name_of(insight.severity);
  out.headline = insight.headline;
  out.score = insight.score;
  wire::JsonWriter details(out.details.text);
  details.begin_object();
  wire::EncodeFields write{details};
  auto copy = insight;
  write("metric", copy.metric, "");
  write("dimensions", copy.dimensions, "");
  write("period", copy.period, "");
  write("observed", copy.observed, "");
  write("expected", copy.expected, "");
  write("lower", copy.lower, "");
  write("upper", copy.upper, "");
  write("method", copy.method, "");
  details.end_object();
  return out;
}

void label_columns(contracts::ResultSet& rows, const std::vector<contracts::Column>& known) {
  for (auto& column : rows.columns) {
    const auto found = std::ranges::find(known, column.name, &contracts::Column::name);
    if (found == known.end()) {
      if (column.label.empty()) column.label = column.name;
      continue;
    }
    column.label =
        found->label.empty() || found->label == column.name ? plain_label(column) : found->label;
    column.role = found->role;
  }
}

std::string row_json(const contracts::Row& row) {
  std::string json;
  wire::JsonWriter out(json);
  out.begin_array();
  for (const auto& cell : row) write_cell(out, cell);
  out.end_array();
  return json;
}

wire::RawJson rows_json(const contracts::ResultSet& rows, std::size_t from, std::size_t to) {
  wire::RawJson json;
  wire::JsonWriter out(json.text);
  out.begin_array();
  for (std::size_t i = from; i < to; ++i) {
    out.begin_array();
    for (const auto& cell : rows.rows[i]) write_cell(out, cell);
    out.end_array();
  }
  out.end_array();
  return json;
}

wire::AnswerData data_of(const contracts::ResultSet& rows) {
  wire::AnswerData data;
  for (const auto& column : rows.columns) data.columns.push_back(to_wire(column));
  data.rows = rows_json(rows, 0, rows.rows.size());
  data.row_count = static_cast<std::int64_t>(rows.rows.size());
  data.truncated = rows.truncated;
  data.cached_ms = rows.cached_ms;
  return data;
}

void emit_data(Actions& out, const contracts::ResultSet& rows, std::size_t rows_per_chunk) {
  std::size_t from = 0;
  std::int64_t chunk = 0;
  do {
    const std::size_t to = std::min(rows.rows.size(), from + rows_per_chunk);
    wire::DataEntry entry;
    for (const auto& column : rows.columns) entry.columns.push_back(to_wire(column));
    entry.rows = rows_json(rows, from, to);
    entry.chunk = chunk++;
    entry.last = to == rows.rows.size();
    out.push_back(Emit{std::move(entry)});
    from = to;
  } while (from < rows.rows.size());
}

std::string grain_of(std::string_view time_column) {
  const auto at = time_column.rfind("__");
  return at == std::string_view::npos ? std::string() : std::string(time_column.substr(at + 2));
}

bool mentions(std::string_view text, std::string_view word) {
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; };
  return !word.empty() && std::ranges::search(text, word, same).begin() != text.end();
}

}  // namespace loquat::agents
