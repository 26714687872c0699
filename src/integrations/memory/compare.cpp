#include "compare.hpp"

#include <algorithm>
#include <cstdio>
#include <set>

namespace loquat::memory {
namespace {

using contracts::MetricQuery;
using contracts::ResultSet;

std::string text_of(const contracts::Cell& cell, bool& has_number) {
  double number = 0;
  if (contracts::as_number(cell, number)) {
    has_number = true;
    char out[40];
    static_cast<void>(std::snprintf(out, sizeof out, "#%.9g", number));
    return out;
  }
  if (const auto* flag = std::get_if<bool>(&cell)) return *flag ? "true" : "false";
  const auto* text = std::get_if<std::string>(&cell);
  if (text == nullptr) return "null";
  constexpr std::string_view kMidnight = "T00:00:00";
  return text->ends_with(kMidnight) ? text->substr(0, text->size() - kMidnight.size()) : *text;
}

std::vector<std::vector<std::string>> normal_rows(const ResultSet& rows, bool& has_number) {
  std::vector<std::vector<std::string>> out;
  for (const auto& row : rows.rows) {
    std::vector<std::string> cells;
    for (const auto& cell : row) cells.push_back(text_of(cell, has_number));
    std::ranges::sort(cells);
    out.push_back(std::move(cells));
  }
  std::ranges::sort(out);
  return out;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

/// `orders` of `"shop"."main"."Orders"`.
std::string table_name(std::string_view qualified) {
  std::string name = lower(qualified.substr(qualified.rfind('.') + 1));
  std::erase(name, '"');
  return name;
}

std::set<std::string> table_names(const std::vector<std::string>& tables) {
  std::set<std::string> out;
  for (const auto& table : tables) out.insert(table_name(table));
  return out;
}

std::string local_name(const std::string& dimension) {
  const auto at = dimension.rfind("__");
  return lower(at == std::string::npos ? dimension : dimension.substr(at + 2));
}

/// `{{ Dimension('customer__segment') }} = 'retail'` for each such equality in the SQL.
std::vector<std::string> filters_in(const std::string& sql,
                                    const std::vector<semantic::DimensionInfo>& dimensions) {
  std::vector<std::string> out;
  for (const auto& [name, is_equal, literal] : equalities_in(sql)) {
    const std::string column = lower(name);
    for (const auto& dimension : dimensions) {
      if (dimension.is_time || dimension.is_entity) continue;
      const auto last = dimension.name.rfind("__");
      const bool has_path = last != std::string::npos && dimension.name.find("__") != last;
      const bool is_it = lower(dimension.expr) == column || local_name(dimension.name) == column;
      if (!is_it || has_path) continue;
      out.push_back("{{ Dimension('" + dimension.name + "') }} " + (is_equal ? "= " : "<> ") +
                    literal);
      break;
    }
  }
  return out;
}

MetricQuery with_metric(MetricQuery query, const std::string& from, const std::string& to) {
  query.metrics = {to};
  for (auto& item : query.order_by) {
    if (item == from) item = to;
    if (item == "-" + from) item = "-" + to;
  }
  return query;
}

bool has_more_than_one_part(const MetricQuery& query) {
  return query.metrics.size() != 1 || !query.shares.empty() || !query.running_totals.empty() ||
         !query.having.empty() || query.top_per_group || query.comparison;
}

/// Behind the closing quote of the literal that begins here; npos if it has none.
std::size_t end_of_literal(std::string_view sql, std::size_t begin) {
  for (std::size_t at = begin + 1; at < sql.size(); ++at) {
    if (sql[at] != '\'') continue;
    if (at + 1 >= sql.size() || sql[at + 1] != '\'') return at + 1;
    ++at;  // a quote inside
  }
  return std::string_view::npos;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || (text.back() >= '\t' && text.back() <= '\r')))
    text.remove_suffix(1);
  return text;
}

/// The name that `text` ends with, in quotes or not; empty if it ends with none.
std::string_view last_name(std::string_view text) {
  const auto is_name = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  if (text.ends_with('"')) text.remove_suffix(1);
  std::size_t length = 0;
  while (length < text.size() && is_name(text[text.size() - 1 - length])) ++length;
  const auto name = text.substr(text.size() - length);
  return !name.empty() && name.front() >= '0' && name.front() <= '9' ? std::string_view() : name;
}

}  // namespace

std::vector<Equality> equalities_in(std::string_view sql) {
  std::vector<Equality> out;
  for (std::size_t at = 0; (at = sql.find('\'', at)) != std::string_view::npos;) {
    const auto end = end_of_literal(sql, at);
    if (end == std::string_view::npos) break;
    Equality found;
    found.literal = sql.substr(at, end - at);
    auto before = trimmed(sql.substr(0, at));
    at = end;
    found.is_equal = !before.ends_with("<>") && !before.ends_with("!=");
    if (found.is_equal && !before.ends_with('=')) continue;
    before.remove_suffix(found.is_equal ? 1 : 2);
    found.column = last_name(trimmed(before));
    if (!found.column.empty()) out.push_back(std::move(found));
  }
  return out;
}

bool is_same_result(const ResultSet& a, const ResultSet& b) {
  if (a.rows.empty() || a.rows.size() != b.rows.size() || a.truncated || b.truncated) return false;
  bool has_number = false;
  return normal_rows(a, has_number) == normal_rows(b, has_number) && has_number;
}

std::vector<MetricQuery> candidates_for(const semantic::ModelIndex& index,
                                        const MetricQuery& planned, const std::string& sql,
                                        const std::vector<std::string>& tables, std::size_t limit) {
  std::vector<MetricQuery> out;
  const std::set<std::string> read = table_names(tables);
  const auto dimensions = index.dimensions_for(planned.metrics);
  std::vector<std::string> filters;
  if (dimensions) filters = filters_in(sql, *dimensions);
  const auto offer = [&](MetricQuery query) {
    if (out.size() >= limit) return;
    const auto compiled = index.compile(query, {});
    if (!compiled || table_names(compiled->relations) != read) return;
    if (std::ranges::find(out, query) == out.end()) out.push_back(std::move(query));
  };
  const auto offer_both = [&](MetricQuery query) {
    MetricQuery filtered = query;
    for (const auto& filter : filters)
      if (std::ranges::find(filtered.where, filter) == filtered.where.end())
        filtered.where.push_back(filter);
    offer(std::move(filtered));
    offer(std::move(query));
  };
  offer_both(planned);
  if (has_more_than_one_part(planned)) return out;
  for (const auto& metric : index.project().metrics)
    if (!metric.is_private && metric.name != planned.metrics.front())
      offer_both(with_metric(planned, planned.metrics.front(), metric.name));
  return out;
}

}  // namespace loquat::memory
