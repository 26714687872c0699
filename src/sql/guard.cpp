#include "loquat/sql/guard.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "text.hpp"

namespace loquat::sql {
namespace {

using namespace std::string_view_literals;

/// Functions of the engine that look past their arguments: files, network, settings, catalog,
/// sequences, other statements, the clock of the machine as a way to stall.
constexpr std::array kRefused = {"getenv"sv,
                                 "getvariable"sv,
                                 "current_setting"sv,
                                 "set_config"sv,
                                 "setseed"sv,
                                 "nextval"sv,
                                 "currval"sv,
                                 "sleep_ms"sv,
                                 "write_log"sv,
                                 "stats"sv,
                                 "txid_current"sv,
                                 "query"sv,
                                 "query_table"sv,
                                 "read_text"sv,
                                 "read_blob"sv,
                                 "glob"sv,
                                 "in_search_path"sv,
                                 "json_serialize_sql"sv,
                                 "current_schemas"sv,
                                 "json_serialize_plan"sv,
                                 "json_deserialize_sql"sv,
                                 "user_agent"sv,
                                 "json_execute_serialized_sql"sv,
                                 "platform"sv,
                                 "col_description"sv,
                                 "obj_description"sv,
                                 "shobj_description"sv,
                                 "get_block_size"sv,
                                 "parse_duckdb_log_message"sv,
                                 "create_sort_key"sv,
                                 "which_secret"sv,
                                 "arrow_scan"sv,
                                 "sniff_csv"sv,
                                 "current_role"sv,
                                 "current_catalog"sv,
                                 "current_database"sv};
constexpr std::array kRefusedPrefixes = {"pg_"sv,
                                         "duckdb_"sv,
                                         "pragma_"sv,
                                         "inet_"sv,
                                         "__"sv,
                                         "read_"sv,
                                         "parquet_"sv,
                                         "system_"sv,
                                         "current_query"sv,
                                         "current_connection"sv,
                                         "current_transaction"sv};
constexpr std::array kTableFunctions = {"unnest"sv, "range"sv, "generate_series"sv, "repeat"sv};
/// Function syntax that the parser makes of operators and that no list of functions names.
constexpr std::array kSyntax = {
    "unnest"sv,       "row"sv,        "struct_pack"sv, "list_value"sv,  "->"sv,
    "coalesce"sv,     "nullif"sv,     "grouping"sv,    "grouping_id"sv, "list_comprehension"sv,
    "columns"sv,      "count_star"sv, "row_number"sv,  "rank"sv,        "dense_rank"sv,
    "percent_rank"sv, "cume_dist"sv,  "ntile"sv,       "lag"sv,         "lead"sv,
    "first_value"sv,  "last_value"sv, "nth_value"sv,   "fill"sv};

template <class List>
bool lists(const List& list, std::string_view name) {
  return std::ranges::find(list, name) != list.end();
}
bool is_refused(std::string_view name) {
  if (lists(kRefused, name) || name.ends_with("_privilege")) return true;
  return std::ranges::any_of(kRefusedPrefixes,
                             [&](std::string_view prefix) { return name.starts_with(prefix); });
}

/// What a query grows to once every common table stands where it is named, as the engine's binder
/// sees it: relations that are read, and columns that come out. A text that doubles itself with
/// each line is a gigabyte there before anything runs, and no limit of the engine holds for that.
struct Weight {
  double relations = 0, columns = 0;
  void add(const Weight& other) {
    relations += other.relations;
    columns += other.columns;
  }
};
constexpr double kRelationsMax = 1'000;
constexpr double kColumnsMax = 10'000;
constexpr double kColumnsOfATable = 50;  // whose columns are not known here

/// COLUMNS(...) makes an expression of each column.
bool spreads(const Expression& node) {
  if (node.kind == Expression::Kind::star) return node.is_pattern;
  return std::ranges::any_of(node.arguments, spreads);
}

class Examiner {
 public:
  Examiner(Dialect dialect, const Parser& parser) : dialect_(dialect), parser_(parser) {}

  using Made = std::map<std::string, Weight>;  ///< common tables in sight

  Weight query(const Query& query, Made made);
  Findings finish() {
    out_.tables.assign(tables_.begin(), tables_.end());
    out_.functions.assign(functions_.begin(), functions_.end());
    out_.problems.assign(problems_.begin(), problems_.end());
    return std::move(out_);
  }

 private:
  void expressions(const std::vector<Expression>& list, const Made& made) {
    for (const Expression& item : list) expression(item, made);
  }
  void expression(const Expression& node, const Made& made);
  void call(const Expression& node);
  void source(const Source& node, const Made& made);
  void table(const Source& node, const Made& made);
  void table_function(const Source& node, const Made& made);
  void problem(std::string text) { problems_.insert(std::move(text)); }

  Dialect dialect_;
  const Parser& parser_;
  Findings out_;
  std::set<std::string> tables_, functions_, problems_;
  Weight from_;  ///< of the query that is being walked, as far as it is
};

void Examiner::call(const Expression& node) {
  functions_.insert(node.name);
  if (is_refused(node.name))
    problem("The function " + node.name + " is not allowed.");
  else if (dialect_ == Dialect::duckdb && !parser_.knows_function(node.name) &&
           !lists(kSyntax, node.name))
    problem("The function " + node.name + " is not known.");
}

void Examiner::expression(const Expression& node, const Made& made) {
  using Kind = Expression::Kind;
  if (node.kind == Kind::function || node.kind == Kind::window) call(node);
  if (node.kind == Kind::parameter) problem("Parameters have no values here.");
  for (const auto* list :
       {&node.arguments, &node.tests, &node.filters, &node.partitions, &node.orders, &node.frame})
    expressions(*list, made);
  for (const auto& [name, value] : node.replaced) expression(value, made);
  for (const Query& inner : node.queries) from_.relations += query(inner, made).relations;
}

void Examiner::table(const Source& node, const Made& made) {
  const std::string name = lower(node.name), schema = lower(node.schema),
                    catalog = lower(node.catalog);
  const auto common = made.find(name);
  if (schema.empty() && catalog.empty() && common != made.end()) return from_.add(common->second);
  from_.add({1, kColumnsOfATable});
  std::string written = node.name;
  if (!node.schema.empty()) written = node.schema + "." + written;
  if (!node.catalog.empty()) written = node.catalog + "." + written;
  tables_.insert(written);
  if (name.find_first_of("/\\:*?.[]{}|'\"") != name.npos || name.empty())
    problem("A file cannot be read as a table.");
  if (schema == "information_schema" || schema == "pg_catalog" || catalog == "system" ||
      catalog == "temp" || schema == "system" || schema == "runtime" ||
      name.starts_with("duckdb_") || name.starts_with("pg_") || name.starts_with("sqlite_") ||
      name.starts_with("pragma_"))
    problem("The system table " + written + " cannot be read.");
}

void Examiner::table_function(const Source& node, const Made& made) {
  for (const Expression& called : node.arguments) {
    functions_.insert(called.name);
    if (called.kind != Expression::Kind::function ||
        !lists(kTableFunctions, std::string_view(called.name)))
      problem("The table function " + called.name + " is not allowed.");
    expressions(called.arguments, made);
    expressions(called.filters, made);
    expressions(called.orders, made);
  }
}

void Examiner::source(const Source& node, const Made& made) {
  using Kind = Source::Kind;
  if (node.kind == Kind::table) table(node, made);
  if (node.kind == Kind::unsupported) problem("FROM " + node.name + " is not a SELECT of rows.");
  if (node.kind == Kind::function)
    table_function(node, made);
  else
    expressions(node.arguments, made);
  expressions(node.condition, made);
  expressions(node.aggregates, made);
  for (const auto& row : node.rows) expressions(row, made);
  for (const Source::Pivot& pivot : node.pivots) {
    expressions(pivot.expressions, made);
    for (const Source::PivotEntry& entry : pivot.entries) expressions(entry.columns, made);
  }
  for (const Source& part : node.parts) source(part, made);
  for (const Query& inner : node.queries) from_.add(query(inner, made));
}

/// Values and functions have few columns; those of a star are all that FROM brings.
Weight Examiner::query(const Query& node, Made made) {
  const Weight outside = std::exchange(from_, {});
  if (node.kind == Query::Kind::unsupported) problem("Not a SELECT: " + node.note + ".");
  if (node.kind == Query::Kind::recursive) made[lower(node.recursive_name)] = {1, kColumnsOfATable};
  for (const CommonTable& common : node.common_tables)
    // Sees those before it; itself only when it is recursive.
    made[lower(common.name)] = query(common.query, made);
  for (const auto* list : {&node.outputs, &node.where, &node.groups, &node.having, &node.qualify,
                           &node.orders, &node.distinct_on, &node.limits})
    expressions(*list, made);
  source(node.from, made);
  Weight out{from_.relations, 0};
  for (const Expression& item : node.outputs)
    out.columns += item.kind == Expression::Kind::star || spreads(item) ? from_.columns : 1;
  for (const Query& branch : node.branches) {
    const Weight part = query(branch, made);
    out.relations += part.relations;
    out.columns = std::max(out.columns, part.columns);
  }
  if (out.relations > kRelationsMax)
    problem("It reads more than 1000 relations, once each WITH part counts wherever it is named.");
  if (out.columns > kColumnsMax)
    problem("It has more than 10000 columns, once each * is written out.");
  from_ = outside;
  return out;
}

}  // namespace

Findings examine(const Statement& statement, Dialect dialect, const Parser& parser) {
  Examiner examiner(dialect, parser);
  static_cast<void>(examiner.query(statement.query, {}));
  Findings out = examiner.finish();
  if (!statement.target.empty()) out.problems.emplace_back("Only a SELECT may run.");
  return out;
}

}  // namespace loquat::sql
