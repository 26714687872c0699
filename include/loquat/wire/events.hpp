#pragma once
// long: nine events, one declaration of each; they are read side by side.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "loquat/base/clock.hpp"
#include "loquat/base/enum_names.hpp"
#include "loquat/base/fields.hpp"
#include "loquat/wire/json.hpp"

/// The nine events that leave through Kafka (contract, section 3). To add one: a struct here, a
/// line in `Event`, a line in the topic table of topics.hpp; codec, schema and AsyncAPI follow.
namespace loquat::wire {

/// Fields that every event starts with.
struct EventBase {
  std::string event_id;
  std::string event_type;
  std::string schema_version = "1.0";
  std::string tenant_id;
  std::optional<std::string> user_id, session_id, message_id, trace_id;
  WallTime timestamp{};
  template <class V>
  void common(V& v) {
    v("event_id", event_id, "Prefix and UUIDv7; copies of an event share it.", len(1, 128));
    v("event_type", event_type, "Fixed per event.");
    v("schema_version", schema_version, "Additive changes raise the minor.");
    v("tenant_id", tenant_id, "The tenant; also the record's key.", len(1, 128));
    v("user_id", user_id, "The user, where there is one.");
    v("session_id", session_id, "The chat session.");
    v("message_id", message_id, "The question.");
    v("trace_id", trace_id, "W3C trace id.");
    v("timestamp", timestamp, "When it happened.");
  }
};

enum class FeedbackType {
  thumbs_up,
  thumbs_down,
  correction,
  rating,
  implicit_accept,
  implicit_reject,
  escalation
};
enum class FeedbackSource { explicit_, implicit };
enum class SignalType { demonstration, preference, reward };
enum class InsightType { anomaly, trend, change, contribution, threshold };
enum class Severity { info, warning, critical };
enum class StepType {
  INTENT_ANALYSIS,
  ENTITY_EXTRACTION,
  SQL_GENERATION,
  TOOL_SELECTION,
  VALIDATION,
  REFINEMENT,
  RESPONSE
};
enum class ThinkingStatus { ok, degraded, failed, cancelled };
enum class DecisionType { route, metric, clarify, fallback, tool };
enum class SpanKind { internal, client, server, producer, consumer };
enum class SpanStatus { ok, error, cancelled };
enum class Outcome { success, partial, failure };
enum class InfluenceType { DIRECT, INDIRECT };
enum class LineageStatus { ok, failed, cancelled };
enum class AuditOutcome { allowed, denied, error };

struct FeedbackData {
  static constexpr std::size_t kCommentMax = 4'000, kTextMax = 65'536;
  std::optional<int> rating;
  std::optional<std::string> comment;
  std::optional<std::string> question;
  std::optional<std::string> original_sql;
  std::optional<std::string> corrected_sql;
  std::optional<std::string> original_text;
  std::optional<std::string> corrected_text;
  std::optional<RawJson> original_query;
  std::optional<RawJson> corrected_query;
  std::optional<std::string> diff;
  std::optional<std::vector<std::string>> reasons;
  std::optional<RawJson> extra;
  template <class V>
  void fields(V& v) {
    v("rating", rating, "One to five.", in(1, 5));
    v("comment", comment, "In the user's words.", len(0, kCommentMax));
    v("question", question, "The question that was answered.");
    v("original_sql", original_sql, "SQL of the answer.", len(0, kTextMax));
    v("corrected_sql", corrected_sql, "SQL as the user would have it.", len(0, kTextMax));
    v("original_text", original_text, "Text of the answer.", len(0, kTextMax));
    v("corrected_text", corrected_text, "Text as the user would have it.", len(0, kTextMax));
    v("original_query", original_query, "Metric query of the answer.");
    v("corrected_query", corrected_query, "Metric query as the user would have it.");
    v("diff", diff, "Line diff of the correction.");
    v("reasons", reasons, "Chosen reasons.", len(0, 20));
    v("extra", extra, "Further keys as they came (at most 16 KiB).");
  }
};
struct FeedbackEvent : EventBase {
  static constexpr std::string_view kType = "feedback.submitted", kPrefix = "fb";
  std::string response_id;
  bool verified = false;
  std::optional<std::string> supersedes;
  FeedbackType feedback_type = FeedbackType::thumbs_up;
  FeedbackSource feedback_source = FeedbackSource::explicit_;
  FeedbackData data;
  template <class V>
  void fields(V& v) {
    common(v);
    v("response_id", response_id, "The answer.", len(1, 128));
    v("verified", verified, "False: the response is not known here; it never teaches.");
    v("supersedes", supersedes, "The event that this one replaces.");
    v("feedback_type", feedback_type, "Kind.");
    v("feedback_source", feedback_source, "explicit or implicit.");
    v("data", data, "What was said.");
  }
};
struct SignalPrompt {
  std::string question;
  RawJson context;
  template <class V>
  void fields(V& v) {
    v("question", question, "The question.");
    v("context", context, "Metrics and dimensions in reach, previous turns; no data rows.");
  }
};
struct SignalModel {
  std::string planner;
  std::optional<std::string> llm;
  template <class V>
  void fields(V& v) {
    v("planner", planner, "Version of the planner.");
    v("llm", llm, "Language model, if one took part.");
  }
};
struct LearningSignal : EventBase {
  static constexpr std::string_view kType = "learning.signal", kPrefix = "ls";
  SignalType signal_type = SignalType::reward;
  std::vector<std::string> source_event_ids;
  std::string response_id;
  SignalPrompt prompt;
  std::optional<RawJson> chosen;
  std::optional<RawJson> rejected;
  double reward = 0;
  double weight = 1;
  std::optional<RawJson> metric_query;
  SignalModel model;
  template <class V>
  void fields(V& v) {
    common(v);
    v("signal_type", signal_type, "Kind.");
    v("source_event_ids", source_event_ids, "Feedback events behind it.", len(1, 100));
    v("response_id", response_id, "The answer.");
    v("prompt", prompt, "What was asked.");
    v("chosen", chosen, "The better completion.");
    v("rejected", rejected, "The worse completion.");
    v("reward", reward, "From bad to good.", in(-1, 1));
    v("weight", weight, "How much it counts.", in(0, 1));
    v("metric_query", metric_query, "The metric query of the answer.");
    v("model", model, "Who made the answer.");
  }
};
struct InsightPeriod {
  std::string start;
  std::string end;
  std::string grain;
  template <class V>
  void fields(V& v) {
    v("start", start, "First day.", format("date"));
    v("end", end, "Last day.", format("date"));
    v("grain", grain, "Grain of the series.");
  }
};
struct InsightEvidence {
  std::string sql;
  std::string query_id;
  template <class V>
  void fields(V& v) {
    v("sql", sql, "The SQL whose rows show it.");
    v("query_id", query_id, "The query.");
  }
};
struct InsightEvent : EventBase {
  static constexpr std::string_view kType = "insight.detected", kPrefix = "in";
  InsightType insight_type = InsightType::anomaly;
  Severity severity = Severity::info;
  std::string metric;
  std::map<std::string, std::string> dimensions;
  InsightPeriod period;
  double observed = 0;
  double expected = 0;
  double lower = 0;
  double upper = 0;
  std::optional<std::string> unit;
  double score = 0;
  std::string method;
  std::string headline;
  std::optional<std::string> response_id;
  InsightEvidence evidence;
  template <class V>
  void fields(V& v) {
    common(v);
    v("insight_type", insight_type, "Kind.");
    v("severity", severity, "How much it matters.");
    v("metric", metric, "Metric name.");
    v("dimensions", dimensions, "Dimension values of the series.");
    v("period", period, "Where it was seen.");
    v("observed", observed, "The value.");
    v("expected", expected, "What the method expected.");
    v("lower", lower, "Lower edge of the expected band.");
    v("upper", upper, "Upper edge.");
    v("unit", unit, "Unit of the metric.");
    v("score", score, "Strength, by the method's own scale.");
    v("method", method, "How it was found.");
    v("headline", headline, "A sentence for people.");
    v("response_id", response_id, "The answer in which it was seen.");
    v("evidence", evidence, "How to check it.");
  }
};
struct ThinkingEvent : EventBase {
  static constexpr std::string_view kType = "agent.thinking", kPrefix = "th";
  int step_index = 0;
  StepType step_type = StepType::INTENT_ANALYSIS;
  std::string agent;
  std::string goal;
  std::string reasoning;
  double confidence = 0;
  double duration_ms = 0;
  ThinkingStatus status = ThinkingStatus::ok;
  template <class V>
  void fields(V& v) {
    common(v);
    v("step_index", step_index, "Place in the turn, from 0.", in(0, 10000));
    v("step_type", step_type, "Kind of step.");
    v("agent", agent, "Who thought it.");
    v("goal", goal, "What the step was for.");
    v("reasoning", reasoning, "How it went.");
    v("confidence", confidence, "In the result.", in(0, 1));
    v("duration_ms", duration_ms, "Time taken.");
    v("status", status, "Outcome.");
  }
};
struct DecisionAlternative {
  std::string option;
  double score = 0;
  template <class V>
  void fields(V& v) {
    v("option", option, "What could have been chosen.");
    v("score", score, "Its score.");
  }
};
struct DecisionEvent : EventBase {
  static constexpr std::string_view kType = "agent.decision", kPrefix = "de";
  int step_index = 0;
  std::string agent;
  DecisionType decision_type = DecisionType::route;
  std::string chosen;
  std::vector<DecisionAlternative> alternatives;
  double confidence = 0;
  std::string rationale;
  template <class V>
  void fields(V& v) {
    common(v);
    v("step_index", step_index, "Place in the turn, from 0.", in(0, 10000));
    v("agent", agent, "Who decided.");
    v("decision_type", decision_type, "Kind.");
    v("chosen", chosen, "What was chosen.");
    v("alternatives", alternatives, "What else was weighed, best first.");
    v("confidence", confidence, "In the choice.", in(0, 1));
    v("rationale", rationale, "Why.");
  }
};
struct TokenCounts {
  std::int64_t input = 0;
  std::int64_t output = 0;
  template <class V>
  void fields(V& v) {
    v("input", input, "Tokens read.");
    v("output", output, "Tokens written.");
  }
};
struct TraceEvent : EventBase {
  static constexpr std::string_view kType = "agent.trace", kPrefix = "tr";
  std::string span_id;
  std::optional<std::string> parent_span_id;
  std::string name;
  std::string agent;
  SpanKind kind = SpanKind::internal;
  WallTime start_time{};
  WallTime end_time{};
  double duration_ms = 0;
  SpanStatus status = SpanStatus::ok;
  std::optional<std::string> goal;
  std::optional<Outcome> outcome;
  std::map<std::string, std::string> attributes;
  std::vector<std::string> model_ids_used;
  TokenCounts tokens;
  double cost = 0;
  template <class V>
  void fields(V& v) {
    common(v);
    v("span_id", span_id, "W3C span id.", len(16, 16));
    v("parent_span_id", parent_span_id, "The span around it.");
    v("name", name, "What was done.");
    v("agent", agent, "Who did it.");
    v("kind", kind, "OpenTelemetry span kind.");
    v("start_time", start_time, "Start.");
    v("end_time", end_time, "End.");
    v("duration_ms", duration_ms, "Duration by the steady clock.");
    v("status", status, "Outcome of the span.");
    v("goal", goal, "What it was for.");
    v("outcome", outcome, "success, partial or failure.");
    v("attributes", attributes, "OpenTelemetry GenAI and db names.");
    v("model_ids_used", model_ids_used, "Language models and planners used.");
    v("tokens", tokens, "Language model tokens.");
    v("cost", cost, "In the currency of the configuration.");
  }
};
struct MetricsEvent : EventBase {
  static constexpr std::string_view kType = "agent.metrics", kPrefix = "me";
  std::optional<std::string> response_id;
  std::string agent;
  std::optional<std::string> window;
  std::map<std::string, double> metrics;
  std::map<std::string, std::string> labels;
  template <class V>
  void fields(V& v) {
    common(v);
    v("response_id", response_id, "The answer measured.");
    v("agent", agent, "Who is measured.");
    v("window", window, "ISO 8601 duration for aggregates; absent for one answer.");
    v("metrics", metrics, "Name to value; units stand in the names.");
    v("labels", labels, "Bounded labels.");
  }
};
struct LineageQuery {
  std::string sql;
  std::string dialect;
  std::string fingerprint;
  template <class V>
  void fields(V& v) {
    v("sql", sql, "The statement that ran.");
    v("dialect", dialect, "duckdb or trino.");
    v("fingerprint", fingerprint, "SHA-256 of the statement with literals taken out.");
  }
};
struct LineageSource {
  std::string table;
  std::vector<std::string> columns_read;
  std::vector<std::string> filter_columns;
  std::vector<std::string> join_columns;
  template <class V>
  void fields(V& v) {
    v("table", table, "Qualified name.");
    v("columns_read", columns_read, "Columns that the statement reads.");
    v("filter_columns", filter_columns, "Columns in WHERE, HAVING, QUALIFY.");
    v("join_columns", join_columns, "Columns in join conditions.");
  }
};
struct LineageInput {
  std::string table;
  std::string column;
  InfluenceType type = InfluenceType::DIRECT;
  std::string subtype;
  template <class V>
  void fields(V& v) {
    v("table", table, "Qualified name.");
    v("column", column, "Column.");
    v("type", type, "DIRECT feeds the value, INDIRECT the rows.");
    v("subtype", subtype,
      "IDENTITY, TRANSFORMATION, AGGREGATION, FILTER, JOIN, GROUP_BY, SORT, WINDOW, CONDITIONAL.");
  }
};
struct LineageOutput {
  std::string column;
  std::vector<LineageInput> inputs;
  template <class V>
  void fields(V& v) {
    v("column", column, "Output column.");
    v("inputs", inputs, "What it comes from.");
  }
};
struct LineageTransformation {
  std::string type;
  std::optional<std::string> function;
  std::optional<std::string> input_column;
  std::optional<std::string> output_alias;
  std::optional<std::vector<std::string>> columns;
  template <class V>
  void fields(V& v) {
    v("type", type, "aggregate, filter, join, group, sort, limit, window, expression, union.");
    v("function", function, "Function name.");
    v("input_column", input_column, "Column it acts on.");
    v("output_alias", output_alias, "Output column.");
    v("columns", columns, "Columns involved.");
  }
};
struct LineageEvent : EventBase {
  static constexpr std::string_view kType = "query.lineage", kPrefix = "lin";
  std::string query_id;
  LineageQuery query;
  std::vector<LineageSource> sources;
  std::vector<LineageOutput> outputs;
  std::vector<LineageTransformation> transformations;
  std::vector<std::string> metrics;
  std::vector<std::string> agent_pipeline;
  std::string user_question;
  std::optional<std::string> response_id;
  std::string model_version;
  LineageStatus status = LineageStatus::ok;
  std::vector<std::string> unresolved;
  std::int64_t row_count = 0;
  WallTime started_at{};
  double duration_ms = 0;
  template <class V>
  void fields(V& v) {
    common(v);
    v("query_id", query_id, "The query.");
    v("query", query, "The statement.");
    v("sources", sources, "Tables read.");
    v("outputs", outputs, "Columns made.");
    v("transformations", transformations, "What was done.");
    v("metrics", metrics, "Metrics answered.");
    v("agent_pipeline", agent_pipeline, "Agents that took part, in order.");
    v("user_question", user_question, "The question.");
    v("response_id", response_id, "The answer.");
    v("model_version", model_version, "Version of the imported dbt model.");
    v("status", status, "Outcome of the query.");
    v("unresolved", unresolved, "What could not be followed, in words.");
    v("row_count", row_count, "Rows returned.");
    v("started_at", started_at, "Start.");
    v("duration_ms", duration_ms, "Engine time.");
  }
};
struct AuditActor {
  std::string user_id;
  std::vector<std::string> roles;
  std::string auth_method;
  std::string ip;
  template <class V>
  void fields(V& v) {
    v("user_id", user_id, "Who.");
    v("roles", roles, "With which roles.");
    v("auth_method", auth_method, "none, jwt, api_key or ticket.");
    v("ip", ip, "From where.");
  }
};
struct AuditResource {
  std::string type;
  std::string id;
  template <class V>
  void fields(V& v) {
    v("type", type, "session, message, feedback, profile, model, key, …");
    v("id", id, "Which.");
  }
};
struct AuditChain {
  std::string writer;
  std::int64_t seq = 0;
  std::string prev;
  std::string hash;
  template <class V>
  void fields(V& v) {
    v("writer", writer, "The instance.");
    v("seq", seq, "From 1, without holes.");
    v("prev", prev, "hash of the record before; empty at the start.");
    v("hash", hash, "SHA-256 hex of the canonical JSON (RFC 8785) without hash.");
  }
};
struct AuditEvent : EventBase {
  static constexpr std::string_view kType = "audit.recorded", kPrefix = "au";
  std::string action;
  AuditActor actor;
  AuditResource resource;
  AuditOutcome outcome = AuditOutcome::allowed;
  std::optional<std::string> reason;
  std::string request_id;
  RawJson details;
  AuditChain chain;
  template <class V>
  void fields(V& v) {
    common(v);
    v("action", action, "What was tried, e.g. `session.create`.");
    v("actor", actor, "Who.");
    v("resource", resource, "On what.");
    v("outcome", outcome, "How it ended.");
    v("reason", reason, "Why it was denied or failed.");
    v("request_id", request_id, "The request.");
    v("details", details, "Redacted details.");
    v("chain", chain, "Hash chain per tenant and instance.");
  }
};

using Event = std::variant<FeedbackEvent, LearningSignal, InsightEvent, ThinkingEvent,
                           DecisionEvent, TraceEvent, MetricsEvent, LineageEvent, AuditEvent>;

[[nodiscard]] inline const EventBase& base_of(const Event& event) {
  return std::visit([](const auto& e) -> const EventBase& { return e; }, event);
}
[[nodiscard]] inline EventBase& base_of(Event& event) {
  return std::visit([](auto& e) -> EventBase& { return e; }, event);
}
/// The event as its JSON value.
[[nodiscard]] std::string encode_event(const Event& event);

}  // namespace loquat::wire

namespace loquat {
LOQUAT_ENUM(wire::FeedbackType, 7,
            {{{wire::FeedbackType::thumbs_up, "thumbs_up"},
              {wire::FeedbackType::thumbs_down, "thumbs_down"},
              {wire::FeedbackType::correction, "correction"},
              {wire::FeedbackType::rating, "rating"},
              {wire::FeedbackType::implicit_accept, "implicit_accept"},
              {wire::FeedbackType::implicit_reject, "implicit_reject"},
              {wire::FeedbackType::escalation, "escalation"}}});
LOQUAT_ENUM(wire::FeedbackSource, 2,
            {{{wire::FeedbackSource::explicit_, "explicit"},
              {wire::FeedbackSource::implicit, "implicit"}}});
LOQUAT_ENUM(wire::SignalType, 3,
            {{{wire::SignalType::demonstration, "demonstration"},
              {wire::SignalType::preference, "preference"},
              {wire::SignalType::reward, "reward"}}});
LOQUAT_ENUM(wire::InsightType, 5,
            {{{wire::InsightType::anomaly, "anomaly"},
              {wire::InsightType::trend, "trend"},
              {wire::InsightType::change, "change"},
              {wire::InsightType::contribution, "contribution"},
              {wire::InsightType::threshold, "threshold"}}});
LOQUAT_ENUM(wire::Severity, 3,
            {{{wire::Severity::info, "info"},
              {wire::Severity::warning, "warning"},
              {wire::Severity::critical, "critical"}}});
LOQUAT_ENUM(wire::StepType, 7,
            {{{wire::StepType::INTENT_ANALYSIS, "INTENT_ANALYSIS"},
              {wire::StepType::ENTITY_EXTRACTION, "ENTITY_EXTRACTION"},
              {wire::StepType::SQL_GENERATION, "SQL_GENERATION"},
              {wire::StepType::TOOL_SELECTION, "TOOL_SELECTION"},
              {wire::StepType::VALIDATION, "VALIDATION"},
              {wire::StepType::REFINEMENT, "REFINEMENT"},
              {wire::StepType::RESPONSE, "RESPONSE"}}});
LOQUAT_ENUM(wire::ThinkingStatus, 4,
            {{{wire::ThinkingStatus::ok, "ok"},
              {wire::ThinkingStatus::degraded, "degraded"},
              {wire::ThinkingStatus::failed, "failed"},
              {wire::ThinkingStatus::cancelled, "cancelled"}}});
LOQUAT_ENUM(wire::DecisionType, 5,
            {{{wire::DecisionType::route, "route"},
              {wire::DecisionType::metric, "metric"},
              {wire::DecisionType::clarify, "clarify"},
              {wire::DecisionType::fallback, "fallback"},
              {wire::DecisionType::tool, "tool"}}});
LOQUAT_ENUM(wire::SpanKind, 5,
            {{{wire::SpanKind::internal, "internal"},
              {wire::SpanKind::client, "client"},
              {wire::SpanKind::server, "server"},
              {wire::SpanKind::producer, "producer"},
              {wire::SpanKind::consumer, "consumer"}}});
LOQUAT_ENUM(wire::SpanStatus, 3,
            {{{wire::SpanStatus::ok, "ok"},
              {wire::SpanStatus::error, "error"},
              {wire::SpanStatus::cancelled, "cancelled"}}});
LOQUAT_ENUM(wire::Outcome, 3,
            {{{wire::Outcome::success, "success"},
              {wire::Outcome::partial, "partial"},
              {wire::Outcome::failure, "failure"}}});
LOQUAT_ENUM(wire::InfluenceType, 2,
            {{{wire::InfluenceType::DIRECT, "DIRECT"},
              {wire::InfluenceType::INDIRECT, "INDIRECT"}}});
LOQUAT_ENUM(wire::LineageStatus, 3,
            {{{wire::LineageStatus::ok, "ok"},
              {wire::LineageStatus::failed, "failed"},
              {wire::LineageStatus::cancelled, "cancelled"}}});
LOQUAT_ENUM(wire::AuditOutcome, 3,
            {{{wire::AuditOutcome::allowed, "allowed"},
              {wire::AuditOutcome::denied, "denied"},
              {wire::AuditOutcome::error, "error"}}});
}  // namespace loquat
