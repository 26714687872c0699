#include "compiler/statement.hpp"

#include <algorithm>

#include "compiler/sql_tokens.hpp"

namespace loquat::semantic {
namespace {

constexpr std::size_t kOneLine = 72;
constexpr std::size_t kLine = 100;

/// The name a column has without an alias: its last dotted part; empty if it has none.
std::string_view natural_name(std::string_view expr) {
  const std::size_t dot = expr.rfind('.');
  const std::string_view last = dot == std::string_view::npos ? expr : expr.substr(dot + 1);
  return is_plain_name(last) ? last : std::string_view();
}

std::string column_text(const NamedExpr& column) {
  const std::string name = identifier(column.name);
  if (natural_name(column.expr) == name && is_atomic(column.expr)) return column.expr;
  return column.expr + " AS " + name;
}

void collect(Select* select, std::vector<Select*>& out) {
  if (!select || std::ranges::count(out, select) > 0) return;
  collect(select->from, out);
  for (const JoinPart& join : select->joins) collect(join.select, out);
  out.push_back(select);
}

void append_relation(std::string& out, const std::string& relation, const Select* select,
                     const std::string& alias) {
  const std::string& name = select ? select->name : relation;
  out += name;
  if (!alias.empty() && alias != name) out += " AS " + identifier(alias);
}

void append_columns(std::string& out, const Select& select, const std::string& indent) {
  std::vector<std::string> columns;
  std::size_t length = 0;
  for (const auto* part : {&select.keys, &select.values})
    for (const NamedExpr& column : *part) {
      columns.push_back(column_text(column));
      length += columns.back().size() + 2;
    }
  out += select.distinct ? "SELECT DISTINCT" : "SELECT";
  const bool one_line = length < kOneLine && columns.size() < 3;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    out += one_line ? " " : "\n" + indent + "  ";
    out += columns[i];
    if (i + 1 < columns.size()) out += ",";
  }
}

void append_conditions(std::string& out, const JoinPart& join, const std::string& indent) {
  if (join.on.empty()) return;
  std::size_t length = out.size() - out.rfind('\n');
  for (const std::string& condition : join.on) length += condition.size() + 5;
  const bool one_line = length < kLine;
  for (std::size_t i = 0; i < join.on.size(); ++i) {
    out += one_line ? " " : "\n" + indent + "  ";
    out += (i == 0 ? "ON " : "AND ") + join.on[i];
  }
}

void append_group_by(std::string& out, const Select& select, const std::string& indent) {
  if (!select.grouped || select.keys.empty()) return;
  out += "\n" + indent + "GROUP BY ";
  for (std::size_t i = 0; i < select.keys.size(); ++i)
    out += (i == 0 ? "" : ", ") + std::to_string(i + 1);
}

void append_select(std::string& out, const Select& select, const std::string& indent) {
  append_columns(out, select, indent);
  out += "\n" + indent + "FROM ";
  append_relation(out, select.relation, select.from, select.alias);
  for (const JoinPart& join : select.joins) {
    out += "\n" + indent + join.kind + " ";
    append_relation(out, join.relation, join.select, join.alias);
    append_conditions(out, join, indent);
    if (!join.using_.empty()) out += " USING (" + join.using_ + ")";
  }
  for (std::size_t i = 0; i < select.where.size(); ++i)
    out += "\n" + indent + (i == 0 ? "WHERE " : "  AND ") + select.where[i];
  append_group_by(out, select, indent);
}

}  // namespace

std::string Select::publish(const std::string& expr, const std::string& wanted) {
  for (const NamedExpr& value : values)
    if (value.expr == expr) return value.name;
  std::string name = wanted;
  const auto taken = [&](const std::string& candidate) {
    const auto has = [&](const NamedExpr& one) { return one.name == candidate; };
    return std::ranges::any_of(values, has) || std::ranges::any_of(keys, has);
  };
  for (int i = 2; taken(name); ++i) name = wanted + "_" + std::to_string(i);
  values.push_back({name, expr});
  return name;
}

Select& SelectPool::make(std::string name) {
  std::string unique = name;
  for (int i = 2; std::ranges::count(names_, unique) > 0; ++i)
    unique = name + "_" + std::to_string(i);
  names_.push_back(unique);
  selects_.push_back(std::make_unique<Select>());
  selects_.back()->name = identifier(unique);
  return *selects_.back();
}

std::string render(const Statement& statement) {
  std::vector<Select*> selects;
  collect(statement.last, selects);
  selects.pop_back();
  std::string out;
  for (const Select* select : selects) {
    out += out.empty() ? "WITH " : ",\n";
    out += select->name + " AS (\n  ";
    append_select(out, *select, "  ");
    out += "\n)";
  }
  if (!out.empty()) out += "\n";
  append_select(out, *statement.last, "");
  for (std::size_t i = 0; i < statement.order_by.size(); ++i)
    out += (i == 0 ? "\nORDER BY " : ", ") + identifier(statement.order_by[i].column) +
           (statement.order_by[i].descending ? " DESC" : "");
  if (statement.limit) out += "\nLIMIT " + std::to_string(*statement.limit);
  return out;
}

}  // namespace loquat::semantic
