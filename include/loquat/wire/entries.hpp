#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "loquat/wire/answer.hpp"
#include "loquat/wire/codec.hpp"

/// Entries of the session log (contract, section 2): what WebSocket, SSE and long-poll carry, byte
/// for byte.
namespace loquat::wire {

struct EntryHead {
  std::uint64_t seq = 0;
  std::string session_id;
  std::optional<std::string> message_id, trace_id;
  WallTime timestamp{};
};

struct MessageEntry {
  static constexpr std::string_view kType = "message";
  std::string content, role = "user";
  std::optional<std::string> client_id;
  template <class V>
  void fields(V& v) {
    v("content", content, "What was asked or answered.");
    v("role", role, "user or assistant.");
    v("client_id", client_id, "The client's own id of the question.");
  }
};
struct StreamStartEntry {
  static constexpr std::string_view kType = "stream_start";
  std::string agent;
  template <class V>
  void fields(V& v) {
    v("agent", agent, "Who answers.");
  }
};
struct StatusEntry {
  static constexpr std::string_view kType = "status";
  std::string status, agent;
  template <class V>
  void fields(V& v) {
    v("status", status, "queued, thinking or executing.");
    v("agent", agent, "Who is at work.");
  }
};
struct StepStartEntry {
  static constexpr std::string_view kType = "step_start";
  std::string step_type, agent;
  template <class V>
  void fields(V& v) {
    v("step_type", step_type, "As in ThinkingEvent.");
    v("agent", agent, "Who does it.");
  }
};
struct StepCompleteEntry {
  static constexpr std::string_view kType = "step_complete";
  std::string step_type, agent, summary;
  double duration_ms = 0;
  template <class V>
  void fields(V& v) {
    v("step_type", step_type, "As in ThinkingEvent.");
    v("agent", agent, "Who did it.");
    v("duration_ms", duration_ms, "Time taken.");
    v("summary", summary, "What came out.");
  }
};
struct ToolCallEntry {
  static constexpr std::string_view kType = "tool_call";
  std::string tool;
  RawJson input;
  template <class V>
  void fields(V& v) {
    v("tool", tool, "e.g. query_engine.");
    v("input", input, "Its input, redacted.");
  }
};
struct ToolResultEntry {
  static constexpr std::string_view kType = "tool_result";
  std::string tool, summary;
  template <class V>
  void fields(V& v) {
    v("tool", tool, "e.g. query_engine.");
    v("summary", summary, "What came back.");
  }
};
struct ProgressEntry {
  static constexpr std::string_view kType = "progress";
  double done = 0;
  std::optional<double> total;
  std::string unit;
  template <class V>
  void fields(V& v) {
    v("done", done, "So far.");
    v("total", total, "Of how many, if known.");
    v("unit", unit, "rows, bytes or steps.");
  }
};
struct InterpretationEntry {
  static constexpr std::string_view kType = "interpretation";
  std::string text;
  std::optional<QueryShape> query;
  double confidence = 0;
  template <class V>
  void fields(V& v) {
    v("text", text, "How the question was read.");
    v("query", query, "The metric query.");
    v("confidence", confidence, "0 to 1.");
  }
};
/// What people taught, where an answer rests on it.
struct LearntFromEntry : LearntFrom {
  static constexpr std::string_view kType = "learnt_from";
};
struct SqlEntry {
  static constexpr std::string_view kType = "sql";
  std::string sql, dialect, query_id;
  template <class V>
  void fields(V& v) {
    v("sql", sql, "The statement.");
    v("dialect", dialect, "duckdb or trino.");
    v("query_id", query_id, "The query.");
  }
};
struct DataEntry {
  static constexpr std::string_view kType = "data";
  std::vector<AnswerColumn> columns;
  RawJson rows;
  std::int64_t chunk = 0;
  bool last = true;
  template <class V>
  void fields(V& v) {
    v("columns", columns, "Columns.");
    v("rows", rows, "Rows of this chunk.");
    v("chunk", chunk, "From 0.");
    v("last", last, "True on the last chunk.");
  }
};
struct TextEntry {
  static constexpr std::string_view kType = "text";
  std::string content;
  template <class V>
  void fields(V& v) {
    v("content", content, "A delta of the answer's words.");
  }
};
struct DegradedEntry {
  static constexpr std::string_view kType = "degraded";
  std::string integration, behaviour;
  template <class V>
  void fields(V& v) {
    v("integration", integration, "Which.");
    v("behaviour", behaviour, "What is done instead.");
  }
};
struct ErrorEntry {
  static constexpr std::string_view kType = "error";
  std::string code, message;
  bool retryable = false;
  template <class V>
  void fields(V& v) {
    v("code", code, "As in REST.");
    v("message", message, "For people.");
    v("retryable", retryable, "True if trying again may help.");
  }
};
struct CompleteEntry {
  static constexpr std::string_view kType = "complete";
  std::string response_id;
  AnswerStatus status = AnswerStatus::complete;
  double execution_time_ms = 0;
  Answer answer;  ///< without data.rows
  template <class V>
  void fields(V& v) {
    v("response_id", response_id, "The answer.");
    v("status", status, "Outcome.");
    v("execution_time_ms", execution_time_ms, "Duration.");
    v("answer", answer, "The Answer without data.rows.");
  }
};
/// As with suggestions: the chart's own `type` is `visualization_type` on the log.
struct VisualizationEntry : Visualization {
  static constexpr std::string_view kType = "visualization";
  template <class V>
  void fields(V& v) {
    v("visualization_type", type, "The visualization's type.");
    v("x_axis", x_axis, "Column on the x axis; empty for a table or a number.");
    v("y_axis", y_axis, "Column on the y axis.");
    v("series", series, "Column that splits the series.");
    v("spec", spec, "Vega-Lite specification whose data has the name `rows`; null for a table.");
  }
};
struct InsightEntry : AnswerInsight {
  static constexpr std::string_view kType = "insight";
};
/// The suggestion's own `type` would hide the entry's: on the log it is `suggestion_type`.
struct SuggestionEntry {
  static constexpr std::string_view kType = "suggestion";
  Suggestion suggestion;
  template <class V>
  void fields(V& v) {
    v("suggestion_id", suggestion.suggestion_id, "sg- and a UUIDv7.");
    v("suggestion_type", suggestion.type, "The suggestion's type.");
    v("content", suggestion.content, "For people.");
    v("confidence", suggestion.confidence, "0 to 1.");
    v("severity", suggestion.severity, "info, warning or critical.");
    v("action", suggestion.action, "What a click does.");
  }
};
struct ClarificationEntry : Clarification {
  static constexpr std::string_view kType = "clarification";
};

using EntryPayload =
    std::variant<MessageEntry, StreamStartEntry, StatusEntry, StepStartEntry, StepCompleteEntry,
                 ToolCallEntry, ToolResultEntry, ProgressEntry, InterpretationEntry,
                 LearntFromEntry, SqlEntry, DataEntry, VisualizationEntry, TextEntry, InsightEntry,
                 SuggestionEntry, ClarificationEntry, DegradedEntry, ErrorEntry, CompleteEntry>;

[[nodiscard]] std::string_view type_of(const EntryPayload& payload) noexcept;
/// `{seq, type, session_id, message_id?, trace_id?, timestamp, …payload}` on one line.
[[nodiscard]] std::string encode_entry(const EntryHead& head, const EntryPayload& payload);

}  // namespace loquat::wire
