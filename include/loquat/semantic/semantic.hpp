#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "loquat/base/result.hpp"
#include "loquat/base/time_format.hpp"
#include "loquat/contracts/metric_query.hpp"
#include "loquat/contracts/query_plan.hpp"
#include "loquat/contracts/result_set.hpp"
#include "loquat/contracts/row_filter.hpp"
#include "loquat/contracts/semantic_model.hpp"

/// Governed metrics, pure: an indexed model, metric query -> SQL (compiler), question -> metric
/// query (planner). No I/O, no clock, no threads of its own; every type here is immutable after
/// construction and may be read from any thread.
namespace loquat::semantic {

/// The imported model with its join graph and look-up tables, built once per import (off the loop).
class ModelIndex;

enum class Dialect { duckdb, trino };

/// A group-by item or filter subject that metrics can be queried with.
struct DimensionInfo {
  std::string name;  ///< as an output column without grain, e.g. `customer__segment`, `metric_time`
  std::string label, description;
  bool is_time = false;
  bool is_entity = false;
  std::vector<std::string> grains;  ///< queryable grains of a time dimension, custom ones included
  std::vector<std::string> entity_path;  ///< joins walked from the measure's model
  std::string semantic_model;
  std::string relation;  ///< rendered, for reading its values
  std::string expr;      ///< column or expression in that relation
  bool personal_data = false;
  std::vector<std::string> synonyms;
};

struct CompileOptions {
  Dialect dialect = Dialect::duckdb;
  std::int64_t row_limit_max =
      0;  ///< 0: none; else a guard LIMIT of at most this, plus one to see truncation
  /// Put into every place where rows are read: inputs of metrics, both sides of conversions,
  /// metrics inside filters, plain values.
  std::vector<contracts::RowFilter> row_filters{};
  bool with_plan = false;  ///< also say how the SQL comes about
};

/// SQL with its proof: what was read for which output.
struct CompiledQuery {
  std::string sql;
  std::vector<contracts::Column> columns;  ///< name, label, role; type as far as the model tells
  std::vector<std::string> metrics;        ///< every metric used, inputs included
  std::vector<std::string> semantic_models;
  std::vector<std::string> relations;  ///< rendered, without time spines
  std::vector<std::string>
      source_columns;                ///< `relation.column`, as far as the expressions name columns
  std::vector<std::string> filters;  ///< rendered filters, metric and measure filters included
  std::optional<Date> range_start, range_end;  ///< after widening to whole periods
  std::string time_column;  ///< output name of the first time column; empty if there is none
  std::shared_ptr<const contracts::QueryPlan> plan{};  ///< null unless it was asked for
};

}  // namespace loquat::semantic
