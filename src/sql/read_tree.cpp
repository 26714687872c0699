#include "read_tree.hpp"

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "text.hpp"

namespace loquat::sql {
namespace {

using Json = nlohmann::json;
constexpr int kDepthMax = 400;

struct TooDeep : std::runtime_error {
  TooDeep() : std::runtime_error("too deep") {}
};
const Json kNothing;

const Json& at(const Json& node, const char* key) {
  if (!node.is_object()) return kNothing;
  const auto found = node.find(key);
  return found == node.end() ? kNothing : *found;
}
std::string text_at(const Json& node, const char* key) {
  const Json& value = at(node, key);
  return value.is_string() ? value.get<std::string>() : std::string();
}
bool true_at(const Json& node, const char* key) {
  const Json& value = at(node, key);
  return value.is_boolean() && value.get<bool>();
}
std::vector<std::string> texts_at(const Json& node, const char* key) {
  std::vector<std::string> out;
  for (const Json& item : at(node, key))
    if (item.is_string()) out.push_back(item.get<std::string>());
  return out;
}

class Reader {
 public:
  explicit Reader(const IsAggregate& is_aggregate) : is_aggregate_(is_aggregate) {}

  Query query(const Json& node);

 private:
  struct Level {
    explicit Level(int& depth) : depth(depth) {
      if (++depth > kDepthMax) throw TooDeep();
    }
    ~Level() { --depth; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;
    int& depth;
  };

  Expression expression(const Json& node);
  void add(std::vector<Expression>& to, const Json& node) {
    if (node.is_object()) to.push_back(expression(node));
  }
  void add_all(std::vector<Expression>& to, const Json& list) {
    if (list.is_array())
      for (const Json& item : list) add(to, item);
  }
  void add_orders(std::vector<Expression>& to, const Json& list) {
    if (list.is_array())
      for (const Json& item : list) add(to, at(item, "expression"));
  }
  void add_query(std::vector<Query>& to, const Json& statement) {
    const Json& inner = at(statement, "node");
    to.push_back(query(inner.is_object() ? inner : statement));
  }
  void read_star(Expression& out, const Json& node);
  void read_function(Expression& out, const Json& node);
  void read_window(Expression& out, const Json& node);
  void read_case(Expression& out, const Json& node);
  void read_subquery(Expression& out, const Json& node);
  void read_constant(Expression& out, const Json& node);
  Source source(const Json& node);
  void read_join(Source& out, const Json& node);
  void read_pivot(Source& out, const Json& node);
  void read_select(Query& out, const Json& node);
  void read_modifiers(Query& out, const Json& list);
  void read_common_tables(Query& out, const Json& map);

  const IsAggregate& is_aggregate_;
  int depth_ = 0;
};

void Reader::read_star(Expression& out, const Json& node) {
  out.kind = Expression::Kind::star;
  if (std::string relation = text_at(node, "relation_name"); !relation.empty())
    out.path.push_back(std::move(relation));
  out.is_pattern = true_at(node, "columns");
  add(out.arguments, at(node, "expr"));
  if (!out.arguments.empty()) out.is_pattern = true;
  for (const std::string& name : texts_at(node, "exclude_list"))
    out.excluded.push_back(lower(name));
  for (const Json& item : at(node, "qualified_exclude_list"))
    out.excluded.push_back(lower(text_at(item, "column")));
  for (const Json& item : at(node, "replace_list"))
    if (at(item, "value").is_object())
      out.replaced.emplace_back(lower(text_at(item, "key")), expression(at(item, "value")));
  for (const Json& item : at(node, "rename_list"))
    out.renamed.emplace_back(lower(text_at(at(item, "key"), "column")), text_at(item, "value"));
}

void Reader::read_function(Expression& out, const Json& node) {
  out.kind = Expression::Kind::function;
  out.name = lower(text_at(node, "function_name"));
  out.schema = text_at(node, "schema");
  out.is_aggregate = is_aggregate_(out.name);
  add_all(out.arguments, at(node, "children"));
  add(out.filters, at(node, "filter"));
  add_orders(out.orders, at(at(node, "order_bys"), "orders"));
}

void Reader::read_window(Expression& out, const Json& node) {
  out.kind = Expression::Kind::window;
  out.name = lower(text_at(node, "function_name"));
  out.schema = text_at(node, "schema");
  add_all(out.arguments, at(node, "children"));
  add(out.arguments, at(node, "offset_expr"));
  add(out.arguments, at(node, "default_expr"));
  add_all(out.partitions, at(node, "partitions"));
  add_orders(out.orders, at(node, "orders"));
  add_orders(out.orders, at(node, "arg_orders"));
  add(out.frame, at(node, "start_expr"));
  add(out.frame, at(node, "end_expr"));
  add(out.filters, at(node, "filter_expr"));
}

void Reader::read_case(Expression& out, const Json& node) {
  out.kind = Expression::Kind::condition;
  for (const Json& check : at(node, "case_checks")) {
    add(out.tests, at(check, "when_expr"));
    add(out.arguments, at(check, "then_expr"));
  }
  add(out.arguments, at(node, "else_expr"));
}

void Reader::read_subquery(Expression& out, const Json& node) {
  const std::string kind = text_at(node, "subquery_type");
  out.kind = kind == "EXISTS" || kind == "NOT_EXISTS" ? Expression::Kind::exists
                                                      : Expression::Kind::subquery;
  add_query(out.queries, at(node, "subquery"));
  add(out.arguments, at(node, "child"));
}

void Reader::read_constant(Expression& out, const Json& node) {
  out.kind = Expression::Kind::constant;
  const Json& value = at(at(node, "value"), "value");
  out.is_number = value.is_number();
  if (value.is_string()) out.text = value.get<std::string>();
  if (value.is_number()) out.text = value.dump();
}

Expression Reader::expression(const Json& node) {
  const Level level(depth_);
  Expression out;
  const std::string word = text_at(node, "class");
  out.alias = text_at(node, "alias");
  if (word == "COLUMN_REF") {
    out.kind = Expression::Kind::column;
    out.path = texts_at(node, "column_names");
  } else if (word == "CONSTANT") {
    read_constant(out, node);
  } else if (word == "STAR") {
    read_star(out, node);
  } else if (word == "FUNCTION") {
    read_function(out, node);
  } else if (word == "WINDOW") {
    read_window(out, node);
  } else if (word == "CASE") {
    read_case(out, node);
  } else if (word == "SUBQUERY") {
    read_subquery(out, node);
  } else if (word == "LAMBDA") {
    out.kind = Expression::Kind::lambda;
    const Expression left = expression(at(node, "lhs"));
    if (left.kind == Expression::Kind::column && left.path.size() == 1)
      out.parameters.push_back(left.path[0]);
    for (const Expression& item : left.arguments)
      if (item.kind == Expression::Kind::column && item.path.size() == 1)
        out.parameters.push_back(item.path[0]);
    add(out.arguments, at(node, "expr"));
    out.tests.push_back(left);
  } else if (word == "POSITIONAL_REFERENCE") {
    out.kind = Expression::Kind::position;
    const Json& index = at(node, "index");
    out.index = index.is_number_integer() ? index.get<std::int64_t>() : 0;
  } else if (word == "PARAMETER") {
    out.kind = Expression::Kind::parameter;
  } else {  // casts, comparisons, conjunctions, BETWEEN, COLLATE, the rest of OPERATOR
    out.name = lower(text_at(node, "type"));
    for (const char* key : {"child", "left", "right", "input", "lower", "upper"})
      add(out.arguments, at(node, key));
    add_all(out.arguments, at(node, "children"));
  }
  return out;
}

void Reader::read_join(Source& out, const Json& node) {
  out.kind = Source::Kind::join;
  out.join_kind = lower(text_at(node, "join_type"));
  out.is_natural = text_at(node, "ref_type") == "NATURAL";
  out.using_columns = texts_at(node, "using_columns");
  out.parts.push_back(source(at(node, "left")));
  out.parts.push_back(source(at(node, "right")));
  add(out.condition, at(node, "condition"));
}

void Reader::read_pivot(Source& out, const Json& node) {
  out.value_names = texts_at(node, "unpivot_names");
  out.kind = out.value_names.empty() ? Source::Kind::pivot : Source::Kind::unpivot;
  out.parts.push_back(source(at(node, "source")));
  add_all(out.aggregates, at(node, "aggregates"));
  out.groups = texts_at(node, "groups");
  for (const Json& item : at(node, "pivots")) {
    Source::Pivot pivot;
    add_all(pivot.expressions, at(item, "pivot_expressions"));
    pivot.names = texts_at(item, "unpivot_names");
    for (const Json& entry : at(item, "entries")) {
      Source::PivotEntry made;
      for (const Json& value : at(entry, "values")) {
        const Json& plain = at(value, "value");
        made.values.push_back(plain.is_string() ? plain.get<std::string>() : plain.dump());
      }
      add(made.columns, at(entry, "expr"));
      add(made.columns, at(entry, "star_expr"));
      pivot.entries.push_back(std::move(made));
    }
    out.pivots.push_back(std::move(pivot));
  }
}

Source Reader::source(const Json& node) {
  const Level level(depth_);
  Source out;
  const std::string word = text_at(node, "type");
  out.alias = text_at(node, "alias");
  out.column_aliases = texts_at(node, "column_name_alias");
  if (word == "EMPTY" || word.empty()) {
    out.kind = Source::Kind::none;
  } else if (word == "BASE_TABLE") {
    out.kind = Source::Kind::table;
    out.catalog = text_at(node, "catalog_name");
    out.schema = text_at(node, "schema_name");
    out.name = text_at(node, "table_name");
    add(out.arguments, at(at(node, "at_clause"), "expr"));
  } else if (word == "SUBQUERY") {
    out.kind = Source::Kind::query;
    add_query(out.queries, at(node, "subquery"));
  } else if (word == "JOIN") {
    read_join(out, node);
  } else if (word == "TABLE_FUNCTION") {
    out.kind = Source::Kind::function;
    add(out.arguments, at(node, "function"));
  } else if (word == "EXPRESSION_LIST") {
    out.kind = Source::Kind::values;
    for (const Json& row : at(node, "values")) add_all(out.rows.emplace_back(), row);
  } else if (word == "PIVOT") {
    read_pivot(out, node);
  } else {
    out.kind = Source::Kind::unsupported;
    out.name = lower(word);
  }
  return out;
}

void Reader::read_common_tables(Query& out, const Json& map) {
  for (const Json& item : at(map, "map")) {
    CommonTable table;
    table.name = text_at(item, "key");
    const Json& value = at(item, "value");
    table.column_aliases = texts_at(value, "aliases");
    const Json& statement = at(value, "query");
    const Json& inner = at(statement, "node");
    table.query = query(inner.is_object() ? inner : statement);
    out.common_tables.push_back(std::move(table));
  }
}

void Reader::read_modifiers(Query& out, const Json& list) {
  if (!list.is_array()) return;
  for (const Json& item : list) {
    const std::string word = text_at(item, "type");
    if (word == "ORDER_MODIFIER") {
      add_orders(out.orders, at(item, "orders"));
      if (out.orders.size() == 1 && out.orders[0].kind == Expression::Kind::star)
        out.orders_all = true, out.orders.clear();
    } else if (word == "DISTINCT_MODIFIER") {
      out.is_distinct = true;
      add_all(out.distinct_on, at(item, "distinct_on_targets"));
    } else {
      add(out.limits, at(item, "limit"));
      add(out.limits, at(item, "offset"));
    }
  }
}

void Reader::read_select(Query& out, const Json& node) {
  add_all(out.outputs, at(node, "select_list"));
  out.from = source(at(node, "from_table"));
  add(out.where, at(node, "where_clause"));
  add_all(out.groups, at(node, "group_expressions"));
  out.groups_all = text_at(node, "aggregate_handling") == "FORCE_AGGREGATES";
  add(out.having, at(node, "having"));
  add(out.qualify, at(node, "qualify"));
}

Query Reader::query(const Json& node) {
  const Level level(depth_);
  Query out;
  const std::string word = text_at(node, "type");
  read_common_tables(out, at(node, "cte_map"));
  read_modifiers(out, at(node, "modifiers"));
  if (word == "SELECT_NODE") {
    read_select(out, node);
  } else if (word == "SET_OPERATION_NODE") {
    out.kind = Query::Kind::set_operation;
    out.operation = lower(text_at(node, "setop_type"));
    out.by_name = out.operation == "union_by_name";
    if (out.by_name) out.operation = "union";
    if (const Json& children = at(node, "children"); children.is_array() && !children.empty()) {
      for (const Json& child : children) out.branches.push_back(query(child));
    } else {
      out.branches.push_back(query(at(node, "left")));
      out.branches.push_back(query(at(node, "right")));
    }
  } else if (word == "RECURSIVE_CTE_NODE") {
    out.kind = Query::Kind::recursive;
    out.operation = "union";
    out.recursive_name = text_at(node, "cte_name");
    out.branches.push_back(query(at(node, "left")));
    out.branches.push_back(query(at(node, "right")));
  } else {
    out.kind = Query::Kind::unsupported;
    out.note = lower(word);
  }
  return out;
}

void write_shape(std::string& out, const Json& node) {
  if (node.is_object()) {
    const bool is_literal = text_at(node, "class") == "CONSTANT";
    out += '{';
    for (const auto& [key, value] : node.items()) {
      if (key == "query_location" || (is_literal && key == "value")) continue;
      out += key, out += ':';
      write_shape(out, value);
    }
    out += '}';
  } else if (node.is_array()) {
    out += '[';
    std::string last;
    for (const Json& item : node) {  // a longer list of literals is the same statement
      std::string one;
      write_shape(one, item);
      if (one == last && text_at(item, "class") == "CONSTANT") continue;
      out += one;
      last = std::move(one);
    }
    out += ']';
  } else {
    out += node.dump(-1, ' ', false, Json::error_handler_t::replace);
  }
}

}  // namespace

Result<Query> read_query(const Json& node, const IsAggregate& is_aggregate) {
  try {
    return Reader(is_aggregate).query(node);
  } catch (const TooDeep&) {
    return fail(Errc::unsupported_sql, "The statement is nested too deeply.");
  }
}

std::string shape_of(const Json& node) {
  std::string out;
  write_shape(out, node);
  return out;
}

}  // namespace loquat::sql
