#pragma once
#include <optional>
#include <string>
#include <vector>

namespace loquat::contracts {

/// How the SQL of one metric query comes about, for people who look for a mistake. Plain data.
struct QueryPlan {
  /// A metric, after those that it is made of.
  struct MetricStep {
    std::string name, type, formula;  ///< formula: `a / b`, a derived metric's expression, …
    std::vector<std::string> inputs;  ///< metrics, with what moves or filters them
    std::string measure, aggregation, semantic_model;  ///< simple metrics
    std::vector<std::string> filters;                  ///< of its own, as dbt has them
  };
  /// Rows of one semantic model, read once for the measures that stand on them.
  struct Read {
    std::string stage;  ///< the part of the SQL
    std::string semantic_model, relation;
    std::string time;                  ///< what metric_time is here; empty: none
    std::vector<std::string> filters;  ///< SQL, in the WHERE of this read: before aggregation
    std::vector<std::string> row_filters;
    std::string range;  ///< SQL of the time range; empty: none
  };
  struct Join {
    std::string stage, from, to, relation;  ///< semantic models; `to`'s relation
    std::string entity;
    std::vector<std::string> on;
    std::string cardinality;  ///< `many to one`, `one to one`, `many to one, as of the row's time`
    std::string why_safe;
  };
  /// One SELECT of the statement, in the order in which they are computed.
  struct Stage {
    std::string name;
    std::vector<std::string> reads;       ///< relations and earlier stages, joins included
    std::vector<std::string> filters;     ///< SQL of its WHERE
    std::vector<std::string> grouped_by;  ///< columns; empty: not aggregated, or one total row
    std::vector<std::string> values;
    bool is_aggregated = false;
  };
  std::vector<MetricStep> metrics;
  std::vector<Read> reads;
  std::vector<Join> joins;
  std::vector<Stage> stages;
  std::string range;  ///< of the query, after widening to whole periods; empty: all time
  std::string grain;  ///< of metric_time; empty: not grouped by time
  std::vector<std::string> row_filters;  ///< dimensions that the caller's rows are filtered by
  std::string text;                      ///< the same for reading
};

}  // namespace loquat::contracts
