#include "export.hpp"

#include "loquat/wire/json.hpp"

namespace loquat::feedback {
namespace {

/// A completion is text for a trainer: the SQL, else the metric query, else the words.
std::string text_of(const std::optional<wire::RawJson>& completion) {
  if (!completion) return {};
  const auto node = wire::parse_json(completion->text);
  if (!node) return {};
  for (const char* key : {"sql", "query", "text"})
    if (const auto* member = node->find(key))
      return member->kind == wire::JsonNode::Kind::string ? member->string : member->dump();
  return {};
}

}  // namespace

std::optional<std::string> export_line(const wire::LearningSignal& signal, ExportFormat format) {
  const std::string chosen = text_of(signal.chosen);
  const std::string rejected = text_of(signal.rejected);
  std::string line;
  wire::JsonWriter out(line);
  const auto member = [&](std::string_view key, const std::string& value) {
    out.key(key);
    out.value(value);
  };
  out.begin_object();
  member("prompt", signal.prompt.question);
  switch (format) {
    case ExportFormat::sft:
      if (signal.signal_type != wire::SignalType::demonstration || chosen.empty())
        return std::nullopt;
      member("completion", chosen);
      break;
    case ExportFormat::dpo:
      if (signal.signal_type != wire::SignalType::preference || chosen.empty() || rejected.empty())
        return std::nullopt;
      member("chosen", chosen);
      member("rejected", rejected);
      break;
    case ExportFormat::kto: {
      // A middling rating is neither wanted nor unwanted.
      if (signal.signal_type != wire::SignalType::reward || signal.reward == 0) return std::nullopt;
      const std::string& completion = signal.reward > 0 ? chosen : rejected;
      if (completion.empty()) return std::nullopt;
      member("completion", completion);
      out.key("label");
      out.value(signal.reward > 0);
    }
  }
  member("signal_id", signal.event_id);
  member("response_id", signal.response_id);
  member("trace_id", signal.trace_id.value_or(""));
  out.key("weight");
  out.value(signal.weight);
  out.end_object();
  return line;
}

}  // namespace loquat::feedback
