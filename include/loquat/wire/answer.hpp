#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "loquat/base/enum_names.hpp"
#include "loquat/base/fields.hpp"
#include "loquat/wire/json.hpp"

/// The answer to a question and its parts (contract, section 1).
namespace loquat::wire {

enum class AnswerStatus { complete, clarification, unanswerable, cancelled, failed };

struct AnswerColumn {
  std::string name, label, type, role;
  template <class V>
  void fields(V& v) {
    v("name", name, "dbt's output name.");
    v("label", label, "For people.");
    v("type", type, "boolean, integer, number, decimal, text, date, timestamp or other.");
    v("role", role, "metric, dimension, time or derived.");
  }
};
struct AnswerData {
  std::vector<AnswerColumn> columns;
  std::optional<RawJson> rows;  ///< array of arrays; absent in the `complete` entry
  std::int64_t row_count = 0;
  bool truncated = false;
  std::optional<double> cached_ms{};  ///< a kept result answered; its age
  template <class V>
  void fields(V& v) {
    v("columns", columns, "In the order of the row's values.");
    v("rows", rows, "An array of rows, each an array of values.");
    v("row_count", row_count, "Rows of this answer.");
    v("truncated", truncated, "True if the engine had more rows than the limit.");
    v("cached_ms", cached_ms,
      "Age of the rows, where the same query over the same data was answered a moment ago.");
  }
};
struct Visualization {
  std::string type;  ///< table, number, line, bar, area, point
  std::string x_axis, y_axis;
  std::optional<std::string> series;
  RawJson spec;
  template <class V>
  void fields(V& v) {
    v("type", type, "table, number, line, bar, grouped_bar or area.");
    v("x_axis", x_axis, "Column on the x axis; empty for a table or a number.");
    v("y_axis", y_axis, "Column on the y axis.");
    v("series", series, "Column that splits the series.");
    v("spec", spec, "Vega-Lite 5 specification whose data has the name `rows`; null for a table.");
  }
};
struct SuggestionAction {
  std::string type;  ///< ask, refine, open
  RawJson payload;
  template <class V>
  void fields(V& v) {
    v("type", type, "ask, refine or open.");
    v("payload", payload, "What the action needs, e.g. {message}.");
  }
};
struct Suggestion {
  std::string suggestion_id, type, content;
  double confidence = 0;
  std::optional<std::string> severity;
  SuggestionAction action;
  template <class V>
  void fields(V& v) {
    v("suggestion_id", suggestion_id, "sg- and a UUIDv7.");
    v("type", type, "follow_up, drill_down, compare or warning.");
    v("content", content, "For people.");
    v("confidence", confidence, "How sure we are that it helps.", in(0, 1));
    v("severity", severity, "info, warning or critical.");
    v("action", action, "What a click does.");
  }
};
struct ClarificationOption {
  std::string label, message;
  template <class V>
  void fields(V& v) {
    v("label", label, "For a button.");
    v("message", message, "The question to send when it is chosen.");
  }
};
struct Clarification {
  std::string question;
  std::vector<ClarificationOption> options;
  template <class V>
  void fields(V& v) {
    v("question", question, "What we need to know.");
    v("options", options, "Two to five readings.");
  }
};
struct AnswerInsight {
  std::string insight_id, insight_type, severity, headline;
  double score = 0;
  RawJson details;
  template <class V>
  void fields(V& v) {
    v("insight_id", insight_id, "The event_id of the InsightEvent.");
    v("insight_type", insight_type, "anomaly, trend, change, contribution or threshold.");
    v("severity", severity, "info, warning or critical.");
    v("headline", headline, "A sentence for people.");
    v("score", score, "Strength, by the method's own scale.");
    v("details", details, "period, observed, expected, lower, upper, method.");
  }
};
struct TimeRange {
  std::optional<std::string> start, end, phrase;
  template <class V>
  void fields(V& v) {
    v("start", start, "First day, inclusive.", format("date"));
    v("end", end, "Last day, inclusive.", format("date"));
    v("phrase", phrase, "How the question said it.");
  }
};
struct Provenance {
  std::vector<std::string> metrics, models, columns, filters;
  std::optional<TimeRange> time_range;
  std::optional<std::string> data_as_of;
  std::string model_version;
  template <class V>
  void fields(V& v) {
    v("metrics", metrics, "Every metric used, inputs included.");
    v("models", models, "Semantic models and relations read.");
    v("columns", columns, "Source columns read.");
    v("filters", filters, "Filters applied, those of the metrics included.");
    v("time_range", time_range, "The period asked for.");
    v("data_as_of", data_as_of, "Newest data known in the relations read.");
    v("model_version", model_version, "Version of the imported dbt model.");
  }
};
/// The metric query in its public form, as POST /semantic/query takes it.
struct QueryShape {
  std::vector<std::string> metrics, group_by, where, order_by;
  std::optional<std::int64_t> limit;
  std::optional<std::string> start_time, end_time, saved_query;
  std::optional<RawJson> transforms;
  template <class V>
  void fields(V& v) {
    v("metrics", metrics, "Metric names.", len(0, 50), defaulted);
    v("group_by", group_by, "`metric_time__month`, `entity__dimension`, an entity.", len(0, 50),
      defaulted);
    v("where", where, "dbt template strings, joined by AND.", len(0, 50), defaulted);
    v("order_by", order_by, "Output columns; `-` descends.", len(0, 50), defaulted);
    v("limit", limit, "Most rows.", in(0, 1'000'000));
    v("start_time", start_time, "First day, inclusive.", format("date"));
    v("end_time", end_time, "Last day, inclusive.", format("date"));
    v("saved_query", saved_query, "A saved query's name, instead of metrics.");
    v("transforms", transforms,
      "comparison, shares, running_totals, having, top_per_group, fill_time_gaps.");
  }
};
/// The verified answer or memory item that an answer used instead of a plan of its own.
struct LearntFrom {
  std::string kind, id;
  std::int64_t version = 1;
  std::string question, match, author;
  template <class V>
  void fields(V& v) {
    v("kind", kind, "verified: a curator vouches for it; memory: learnt from corrections.");
    v("id", id, "The item, as /api/v1/verified or /api/v1/memory name it.");
    v("version", version, "Its version.");
    v("question", question, "The question it was taught for.");
    v("match", match, "same, or variant: other values or another period were put in.");
    v("author", author, "Who taught it.");
  }
};

struct Answer {
  std::string message_id, response_id, trace_id;
  std::optional<std::string> query_id;
  std::string response, intent;
  AnswerStatus status = AnswerStatus::complete;
  std::optional<QueryShape> query;
  std::optional<std::string> sql, dialect;
  std::optional<AnswerData> data;
  std::optional<Visualization> visualization;
  std::vector<AnswerInsight> insights;
  std::vector<Suggestion> suggestions;
  std::optional<Clarification> clarification;
  double confidence = 0;
  std::string interpretation;
  std::optional<Provenance> provenance;
  std::optional<LearntFrom> learnt_from;
  std::vector<std::string> checks;
  std::vector<std::string> agents_visited;
  bool personalized = false;
  double execution_time_ms = 0;
  template <class V>
  void fields(V& v) {
    v("message_id", message_id, "The question's id.");
    v("response_id", response_id, "This answer's id; feedback names it.");
    v("trace_id", trace_id, "W3C trace id.");
    v("query_id", query_id, "The executed query's id.");
    v("response", response, "The answer in words, markdown.");
    v("intent", intent, "metric_query, model_question, refinement, out_of_scope, …");
    v("status", status, "Outcome of the turn.");
    v("query", query, "The metric query that was planned.");
    v("sql", sql, "The SQL that ran, or would have run.");
    v("dialect", dialect, "duckdb or trino.");
    v("data", data, "Columns and rows.");
    v("visualization", visualization, "How to draw it.");
    v("insights", insights, "What stands out in the rows.");
    v("suggestions", suggestions, "What to ask next.");
    v("clarification", clarification, "Set when status is clarification.");
    v("confidence", confidence, "That the question was read right.", in(0, 1));
    v("interpretation", interpretation, "One sentence: how the question was read.");
    v("provenance", provenance, "What the answer rests on.");
    v("learnt_from", learnt_from, "Set when people taught the query.");
    v("checks", checks, "What the rows do not show of what was asked: periods, values, groups.");
    v("agents_visited", agents_visited, "In order.");
    v("personalized", personalized, "True if a learnt preference changed the answer.");
    v("execution_time_ms", execution_time_ms, "From acceptance to completion.");
  }
};

}  // namespace loquat::wire

namespace loquat {
LOQUAT_ENUM(wire::AnswerStatus, 5,
            {{{wire::AnswerStatus::complete, "complete"},
              {wire::AnswerStatus::clarification, "clarification"},
              {wire::AnswerStatus::unanswerable, "unanswerable"},
              {wire::AnswerStatus::cancelled, "cancelled"},
              {wire::AnswerStatus::failed, "failed"}}});
}  // namespace loquat
