#include "export.hpp"

#include <algorithm>
#include <array>

#include "loquat/wire/answer.hpp"
#include "loquat/wire/codec.hpp"
#include "redact.hpp"

namespace loquat::feedback {
namespace {

constexpr std::array<std::string_view, 3> kKinds{"sql", "query", "text"};

std::string_view instruction_of(std::string_view kind) {
  if (kind == "sql")
    return "Answer the question about the company's dbt metrics with one read-only SQL SELECT.";
  if (kind == "query")
    return "Answer the question about the company's dbt metrics with one metric query as JSON: "
           "metrics, group_by, where, order_by, limit, start_time, end_time.";
  return "Answer the question about the company's dbt metrics in words.";
}

using Completion = std::optional<wire::JsonNode>;

Completion parse(const std::optional<wire::RawJson>& raw) {
  if (!raw) return std::nullopt;
  auto node = wire::parse_json(raw->text);
  if (!node) return std::nullopt;
  return std::move(*node);
}

std::optional<std::string> part_of(const Completion& completion, std::string_view kind) {
  const auto* member = completion ? completion->find(std::string(kind)) : nullptr;
  if (member == nullptr || member->kind == wire::JsonNode::Kind::null) return std::nullopt;
  return member->kind == wire::JsonNode::Kind::string ? member->string : member->dump();
}

std::vector<std::string> metrics_of(const wire::LearningSignal& signal) {
  if (!signal.metric_query) return {};
  auto query = wire::decode<wire::QueryShape>(signal.metric_query->text);
  return query ? query->message.metrics : std::vector<std::string>();
}

/// One signal's texts, made safe.
class Row {
 public:
  Row(const wire::LearningSignal& signal, const TaggedNames& tagged)
      : signal_(signal), chosen_(parse(signal.chosen)), rejected_(parse(signal.rejected)) {
    std::string everything = signal.prompt.question;
    for (const auto& raw : {signal.metric_query, signal.chosen, signal.rejected})
      if (raw) everything += ' ' + raw->text;
    is_personal_ = names_any(everything, tagged);
    if (!is_personal_) return;
    for (const auto* completion : {&chosen_, &rejected_})
      if (auto sql = part_of(*completion, "sql"))
        for (auto& literal : string_literals(*sql)) literals_.push_back(std::move(literal));
    // Filters of metric queries quote their values inside JSON.
    if (signal.metric_query)
      for (auto& literal : string_literals(signal.metric_query->text))
        literals_.push_back(std::move(literal));
  }
  [[nodiscard]] std::string question() const {
    return redact_text(without_words(signal_.prompt.question, literals_));
  }
  /// The same kind on both sides, so that like is compared with like.
  [[nodiscard]] std::string_view kind(bool needs_chosen, bool needs_rejected) const {
    for (const auto kind : kKinds) {
      if (is_personal_ && kind == "text") continue;
      if ((!needs_chosen || part_of(chosen_, kind)) &&
          (!needs_rejected || part_of(rejected_, kind)))
        return kind;
    }
    return {};
  }
  [[nodiscard]] std::string chosen(std::string_view kind) const { return safe(chosen_, kind); }
  [[nodiscard]] std::string rejected(std::string_view kind) const { return safe(rejected_, kind); }

 private:
  [[nodiscard]] std::string safe(const Completion& completion, std::string_view kind) const {
    std::string text = part_of(completion, kind).value_or("");
    if (is_personal_)
      text =
          kind == "sql" ? without_literals(text, text.max_size()) : without_words(text, literals_);
    return redact_text(text);
  }
  const wire::LearningSignal& signal_;
  Completion chosen_, rejected_;
  bool is_personal_ = false;
  std::vector<std::string> literals_;
};

struct Turn {
  std::string_view role;
  std::string content;
};
void write_turns(wire::JsonWriter& out, std::string_view key, const std::vector<Turn>& turns) {
  out.key(key);
  out.begin_array();
  for (const auto& turn : turns) {
    out.begin_object();
    out.key("role");
    out.value(turn.role);
    out.key("content");
    out.value(turn.content);
    out.end_object();
  }
  out.end_array();
}

void write_origin(wire::JsonWriter& out, const wire::LearningSignal& signal,
                  std::string_view kind) {
  const auto member = [&](std::string_view key, std::string_view value) {
    out.key(key);
    out.value(value);
  };
  member("signal_id", signal.event_id);
  member("response_id", signal.response_id);
  member("trace_id", signal.trace_id.value_or(""));
  out.key("metric_ids");
  out.begin_array();
  for (const auto& metric : metrics_of(signal)) out.value(metric);
  out.end_array();
  member("kind", kind);
  member("timestamp", format_rfc3339(signal.timestamp));
  out.key("weight");
  out.value(signal.weight);
}

}  // namespace

std::optional<std::string> export_line(const wire::LearningSignal& signal, ExportFormat format,
                                       const TaggedNames& tagged) {
  using wire::SignalType;
  const Row row(signal, tagged);
  const bool is_liked = signal.signal_type == SignalType::demonstration || signal.reward > 0;
  std::string_view kind;
  switch (format) {
    case ExportFormat::sft:
      if (signal.signal_type == SignalType::demonstration) kind = row.kind(true, false);
      break;
    case ExportFormat::dpo:
      if (signal.signal_type == SignalType::preference) kind = row.kind(true, true);
      break;
    case ExportFormat::kto:
      // A middling rating is neither wanted nor unwanted; a preference is two rows of the others.
      if (signal.signal_type != SignalType::preference && signal.reward != 0)
        kind = row.kind(is_liked, !is_liked);
  }
  if (kind.empty()) return std::nullopt;
  std::string line;
  wire::JsonWriter out(line);
  out.begin_object();
  std::vector<Turn> prompt{{"system", std::string(instruction_of(kind))}, {"user", row.question()}};
  switch (format) {
    case ExportFormat::sft:
      prompt.push_back({"assistant", row.chosen(kind)});
      write_turns(out, "messages", prompt);
      break;
    case ExportFormat::dpo:
      write_turns(out, "prompt", prompt);
      write_turns(out, "chosen", {{"assistant", row.chosen(kind)}});
      write_turns(out, "rejected", {{"assistant", row.rejected(kind)}});
      break;
    case ExportFormat::kto:
      write_turns(out, "prompt", prompt);
      write_turns(out, "completion",
                  {{"assistant", is_liked ? row.chosen(kind) : row.rejected(kind)}});
      out.key("label");
      out.value(is_liked);
  }
  write_origin(out, signal, kind);
  out.end_object();
  return line;
}

}  // namespace loquat::feedback
