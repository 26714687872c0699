#include "event.hpp"

#include <algorithm>

namespace loquat::lineage {
namespace {

constexpr std::string_view kHidden = "***";

void add_input(wire::LineageOutput& to, const sql::LineageInput& input) {
  wire::LineageInput made;
  made.table = input.table;
  made.column = input.column;
  made.type =
      sql::is_direct(input.influence) ? wire::InfluenceType::DIRECT : wire::InfluenceType::INDIRECT;
  made.subtype = std::string(name_of(input.influence));
  to.inputs.push_back(std::move(made));
}

std::optional<std::string> some(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

/// A filter on such a column carries somebody's data in its literals.
bool filters_on_people(const sql::Lineage& lineage, const ModelFacts& facts) {
  for (const sql::LineageSource& source : lineage.sources)
    for (const auto* list : {&source.filter_columns, &source.join_columns})
      for (const std::string& column : *list)
        if (facts.personal.contains(source.table + "." + column)) return true;
  return std::ranges::any_of(lineage.outputs, [&](const sql::LineageOutput& output) {
    return std::ranges::any_of(output.inputs, [&](const sql::LineageInput& input) {
      return !sql::is_direct(input.influence) &&
             facts.personal.contains(input.table + "." + input.column);
    });
  });
}

void hide(std::string& text, const std::vector<std::string>& values) {
  for (const std::string& value : values) {
    if (value.size() < 2) continue;
    const std::string wanted = lower(value);
    for (std::size_t at = lower(text).find(wanted); at != std::string::npos;
         at = lower(text).find(wanted, at + kHidden.size()))
      text.replace(at, wanted.size(), kHidden);
  }
}

wire::LineageStatus status_of(const contracts::TurnFinished& turn) {
  if (turn.answer->status == wire::AnswerStatus::cancelled) return wire::LineageStatus::cancelled;
  return turn.query_error.empty() ? wire::LineageStatus::ok : wire::LineageStatus::failed;
}

/// The engine's own names where the statement gives none.
void name_outputs(std::vector<wire::LineageOutput>& outputs, const sql::Lineage& lineage,
                  const contracts::ResultSet* result) {
  if (result == nullptr || result->columns.size() != outputs.size()) return;
  for (std::size_t i = 0; i < outputs.size(); ++i)
    if (!lineage.outputs[i].is_named) outputs[i].column = result->columns[i].name;
}

}  // namespace

std::string without_strings(std::string_view sql, std::vector<std::string>& values) {
  std::string out;
  for (std::size_t at = 0; at < sql.size();) {
    const char c = sql[at];
    if (c == '"') {  // a name: copied whole
      const auto end = std::min(sql.find('"', at + 1), sql.size() - 1);
      out += sql.substr(at, end + 1 - at);
      at = end + 1;
    } else if (c == '\'') {
      std::string value;
      for (++at; at < sql.size(); ++at) {
        if (sql[at] != '\'') {
          value += sql[at];
        } else if (at + 1 < sql.size() && sql[at + 1] == '\'') {
          value += sql[at++];
        } else {
          break;
        }
      }
      ++at;
      out += '\'', out += kHidden, out += '\'';
      values.push_back(std::move(value));
    } else {
      out += c;
      ++at;
    }
  }
  return out;
}

std::vector<wire::LineageSource> sources_of(const sql::Lineage& lineage) {
  std::vector<wire::LineageSource> out;
  for (const sql::LineageSource& source : lineage.sources)
    out.push_back({source.table, source.columns_read, source.filter_columns, source.join_columns});
  return out;
}

std::vector<wire::LineageOutput> outputs_of(const sql::Lineage& lineage) {
  std::vector<wire::LineageOutput> out;
  for (const sql::LineageOutput& output : lineage.outputs) {
    wire::LineageOutput made{output.column, {}};
    for (const sql::LineageInput& input : output.inputs) add_input(made, input);
    for (const sql::LineageInput& input : lineage.influences) add_input(made, input);
    out.push_back(std::move(made));
  }
  return out;
}

std::vector<wire::LineageTransformation> steps_of(const sql::Lineage& lineage) {
  std::vector<wire::LineageTransformation> out;
  for (const sql::LineageStep& step : lineage.steps) {
    wire::LineageTransformation made{step.type, some(step.function), some(step.input_column),
                                     some(step.output_alias), std::nullopt};
    if (!step.columns.empty()) made.columns = step.columns;
    out.push_back(std::move(made));
  }
  return out;
}

wire::LineageEvent build_event(const contracts::TurnFinished& turn, Reading reading,
                               const ModelFacts* facts) {
  const wire::Answer& answer = *turn.answer;
  wire::LineageEvent out;
  out.event_type = std::string(wire::LineageEvent::kType);
  out.tenant_id = turn.principal.tenant_id;
  out.user_id = some(turn.principal.user_id);
  out.session_id = some(turn.session_id);
  out.message_id = some(turn.message_id);
  out.trace_id = some(turn.context.trace_id);
  out.query_id = answer.query_id.value_or("");
  out.query = {answer.sql.value_or(""), answer.dialect.value_or(""), reading.fingerprint};
  out.user_question = turn.question;
  if (facts == nullptr || filters_on_people(reading.lineage, *facts) || !reading.failure.empty()) {
    // Where nothing is known of the columns, nothing may be said of their values.
    std::vector<std::string> values;
    out.query.sql = without_strings(out.query.sql, values);
    hide(out.user_question, values);
  }
  out.sources = sources_of(reading.lineage);
  out.outputs = outputs_of(reading.lineage);
  name_outputs(out.outputs, reading.lineage, turn.result.get());
  out.transformations = steps_of(reading.lineage);
  if (answer.provenance) out.metrics = answer.provenance->metrics;
  out.agent_pipeline = answer.agents_visited;
  out.response_id = some(answer.response_id);
  out.model_version = turn.model ? turn.model->version : std::string();
  out.status = status_of(turn);
  out.unresolved = std::move(reading.lineage.unresolved);
  if (!reading.failure.empty()) out.unresolved.push_back(std::move(reading.failure));
  out.row_count = answer.data ? answer.data->row_count : 0;
  out.started_at = turn.query_started_at;
  out.duration_ms = turn.query_ms;
  return out;
}

}  // namespace loquat::lineage
