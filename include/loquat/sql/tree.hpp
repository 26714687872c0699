#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

/// One statement as plain data: what the parser read, in DuckDB's own words for operators, without
/// any handle. Made by `Parser`; bounded in depth when it was made.
namespace loquat::sql {

struct Query;

struct Expression {
  enum class Kind {
    column,     ///< `path`
    constant,   ///< `text` is its value
    star,       ///< `path`: the relation, if written; `excluded`, `renamed`, `replaced`
    function,   ///< `name(arguments)`, also operators of two operands
    window,     ///< `name(arguments) over (partitions, orders, frame)`
    condition,  ///< CASE: `tests` choose, `arguments` are the values
    exists,     ///< EXISTS (subquery)
    subquery,   ///< scalar, or `arguments[0]` compared with each row of it
    lambda,     ///< `parameters` -> `arguments[0]`
    position,   ///< a column by its `index`, from 1
    parameter,  ///< `?` or `$1`
    other       ///< casts, comparisons, conjunctions, CASE-free operators: `name` says which
  };
  Kind kind = Kind::other;
  std::string name;    ///< lower case
  std::string schema;  ///< of a function, as written
  std::string alias;
  std::string text;
  bool is_number = false;     ///< the constant is a number
  bool is_aggregate = false;  ///< the function folds rows
  bool is_pattern = false;    ///< COLUMNS(...): which columns is decided by an expression
  std::int64_t index = 0;
  std::vector<std::string> path;
  std::vector<std::string> parameters;
  std::vector<Expression> arguments;
  std::vector<Expression> tests;       ///< CASE conditions
  std::vector<Expression> filters;     ///< FILTER (WHERE …)
  std::vector<Expression> partitions;  ///< window
  std::vector<Expression> orders;      ///< window, or inside an aggregate
  std::vector<Expression> frame;       ///< bounds of a window
  std::vector<Query> queries;          ///< of a subquery: one
  std::vector<std::string> excluded;
  std::vector<std::pair<std::string, std::string>> renamed;
  std::vector<std::pair<std::string, Expression>> replaced;

  Expression();
  ~Expression();
  Expression(const Expression&);
  Expression(Expression&&) noexcept;
  Expression& operator=(const Expression&);
  Expression& operator=(Expression&&) noexcept;
};

/// What stands in FROM.
struct Source {
  enum class Kind {
    none,
    table,     ///< `catalog.schema.name`
    query,     ///< a derived table: `queries[0]`
    join,      ///< `parts[0]`, `parts[1]`, `join_kind`, `condition`, `using_columns`
    function,  ///< `arguments[0]` is the call
    values,    ///< `rows`
    pivot,     ///< of `parts[0]`
    unpivot,
    unsupported  ///< `name` says what it was
  };
  struct PivotEntry {
    std::vector<std::string> values;  ///< one per pivot expression
    std::vector<Expression> columns;  ///< unpivot: the columns of one entry
  };
  struct Pivot {
    std::vector<Expression> expressions;
    std::vector<PivotEntry> entries;  ///< empty: known only at run time
    std::vector<std::string> names;   ///< unpivot: column of the names
  };
  Kind kind = Kind::none;
  std::string catalog, schema, name, alias;
  std::vector<std::string> column_aliases;
  std::string join_kind;  ///< inner, left, right, outer, semi, anti, …
  bool is_natural = false;
  std::vector<std::string> using_columns;
  std::vector<Source> parts;
  std::vector<Query> queries;
  std::vector<Expression> arguments;
  std::vector<Expression> condition;
  std::vector<std::vector<Expression>> rows;
  std::vector<Expression> aggregates;  ///< pivot
  std::vector<Pivot> pivots;
  std::vector<std::string> groups;       ///< pivot: columns kept
  std::vector<std::string> value_names;  ///< unpivot: columns of the values

  Source();
  ~Source();
  Source(const Source&);
  Source(Source&&) noexcept;
  Source& operator=(const Source&);
  Source& operator=(Source&&) noexcept;
};

struct CommonTable;

struct Query {
  enum class Kind { select, set_operation, recursive, unsupported };
  Kind kind = Kind::select;
  std::string note;  ///< unsupported: what it was
  std::vector<CommonTable> common_tables;
  // select
  std::vector<Expression> outputs;
  Source from;
  std::vector<Expression> where, groups, having, qualify;
  bool groups_all = false;
  // set_operation and recursive
  std::string operation;  ///< union, except, intersect
  bool by_name = false;
  std::vector<Query> branches;
  std::string recursive_name;
  // modifiers
  std::vector<Expression> orders, distinct_on, limits;
  bool orders_all = false;
  bool is_distinct = false;
};

struct CommonTable {
  std::string name;
  std::vector<std::string> column_aliases;
  Query query;
};

/// One statement that was read.
struct Statement {
  Query query;
  std::string target;  ///< CREATE TABLE … AS, INSERT INTO: the table written; empty for a SELECT
  std::vector<std::string> target_columns;
  std::string fingerprint;  ///< SHA-256 hex of the statement without its literals
};

}  // namespace loquat::sql
