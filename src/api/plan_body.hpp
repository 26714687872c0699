#pragma once
#include <string>
#include <vector>

#include "loquat/contracts/query_plan.hpp"

namespace loquat::api {

/// A query's plan as /semantic/compile answers it.
struct MetricStepBody {
  contracts::QueryPlan::MetricStep step;
  template <class V>
  void fields(V& v) {
    v("name", step.name, "The metric.");
    v("type", step.type, "simple, ratio, derived, cumulative or conversion.");
    v("formula", step.formula, "How its value comes about.");
    v("inputs", step.inputs, "Metrics that it is made of, with what moves or filters them.");
    v("measure", step.measure, "Measure; of a conversion the base's. Empty: made of metrics.");
    v("aggregation", step.aggregation, "Of the measure.");
    v("semantic_model", step.semantic_model, "Where the measure stands.");
    v("filters", step.filters, "Of its own, in dbt's words.");
  }
};
struct ReadBody {
  contracts::QueryPlan::Read read;
  template <class V>
  void fields(V& v) {
    v("stage", read.stage, "The part of the SQL that reads.");
    v("semantic_model", read.semantic_model, "What is read.");
    v("relation", read.relation, "Its table or view.");
    v("time", read.time, "What metric_time is here.");
    v("filters", read.filters, "SQL of the filters that were pushed here, before adding up.");
    v("row_filters", read.row_filters, "SQL of the caller's row filters.");
    v("range", read.range, "SQL of the time range.");
  }
};
struct JoinBody {
  contracts::QueryPlan::Join join;
  template <class V>
  void fields(V& v) {
    v("stage", join.stage, "The part of the SQL that joins.");
    v("from", join.from, "Semantic model.");
    v("to", join.to, "Semantic model.");
    v("relation", join.relation, "Table or view that is joined to.");
    v("entity", join.entity, "Joined by it.");
    v("on", join.on, "Conditions.");
    v("cardinality", join.cardinality, "many to one, or one to one; never more.");
    v("why_safe", join.why_safe, "Why no row is counted twice.");
  }
};
struct StageBody {
  contracts::QueryPlan::Stage stage;
  template <class V>
  void fields(V& v) {
    v("name", stage.name, "A common table expression of the SQL, or `result`.");
    v("reads", stage.reads, "Relations and earlier stages.");
    v("filters", stage.filters, "Its conditions.");
    v("grouped_by", stage.grouped_by, "Columns that it groups by, or hands on.");
    v("values", stage.values, "What it computes.");
    v("is_aggregated", stage.is_aggregated, "True if it adds rows up.");
  }
};
struct PlanBody {
  std::vector<MetricStepBody> metrics;
  std::vector<ReadBody> reads;
  std::vector<JoinBody> joins;
  std::vector<StageBody> stages;
  std::string range, grain;
  std::vector<std::string> row_filters;
  std::string text;
  template <class V>
  void fields(V& v) {
    v("metrics", metrics, "Metrics down to their measures, inputs first.");
    v("reads", reads, "Rows of semantic models, with the filters that were pushed to them.");
    v("joins", joins, "Joins, with their keys and cardinality.");
    v("stages", stages, "Parts of the statement in the order in which they are computed.");
    v("range", range, "Time range, widened to whole periods; empty: all time.");
    v("grain", grain, "Of metric_time; empty: not grouped by time.");
    v("row_filters", row_filters, "Dimensions that the caller's rows are filtered by.");
    v("text", text, "The whole for reading.");
  }
};
inline PlanBody plan_body_of(const contracts::QueryPlan& plan) {
  PlanBody body;
  for (const auto& metric : plan.metrics) body.metrics.push_back({metric});
  for (const auto& read : plan.reads) body.reads.push_back({read});
  for (const auto& join : plan.joins) body.joins.push_back({join});
  for (const auto& stage : plan.stages) body.stages.push_back({stage});
  body.range = plan.range;
  body.grain = plan.grain;
  body.row_filters = plan.row_filters;
  body.text = plan.text;
  return body;
}

}  // namespace loquat::api
