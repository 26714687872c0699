#include "signals.hpp"

#include "derived_id.hpp"
#include "loquat/wire/codec.hpp"

namespace loquat::feedback {
namespace {

/// How much a kind of feedback says: what a person wrote says most, what was only observed least.
constexpr double kCorrectionWeight = 1.0;
constexpr double kExplicitWeight = 0.8;
constexpr double kImplicitWeight = 0.3;

std::optional<double> reward_of(const wire::FeedbackEvent& event) {
  switch (event.feedback_type) {
    case wire::FeedbackType::thumbs_up:
    case wire::FeedbackType::implicit_accept:
      return 1;
    case wire::FeedbackType::thumbs_down:
    case wire::FeedbackType::implicit_reject:
    case wire::FeedbackType::escalation:
    case wire::FeedbackType::correction:
      return -1;
    case wire::FeedbackType::rating:
      if (!event.data.rating) return std::nullopt;
      return (*event.data.rating - 3) / 2.0;
  }
  return std::nullopt;
}

wire::LearningSignal begin_signal(const wire::FeedbackEvent& event, wire::SignalType type,
                                  const contracts::SessionStore::MessageRecord& response,
                                  const std::optional<wire::Answer>& answer) {
  wire::LearningSignal signal;
  signal.event_id = derived_id("ls", {event.tenant_id, event.event_id, name_of(type)});
  signal.event_type = wire::LearningSignal::kType;
  signal.tenant_id = event.tenant_id;
  signal.user_id = event.user_id;
  signal.session_id = event.session_id;
  signal.message_id = response.message_id;
  signal.trace_id = event.trace_id;
  signal.timestamp = event.timestamp;
  signal.signal_type = type;
  signal.source_event_ids = {event.event_id};
  signal.response_id = event.response_id;
  // Of a correction the question is kept with it, without the values that only the correction tells
  // to be somebody's.
  const bool has_own =
      event.feedback_type == wire::FeedbackType::correction && event.data.question.has_value();
  signal.prompt.question = has_own ? *event.data.question : response.content;
  signal.prompt.context.text = "{}";
  signal.model.planner = "loquat-planner";
  if (answer) {
    wire::JsonWriter out(signal.prompt.context.text = "");
    out.begin_object();
    out.key("interpretation");
    out.value(answer->interpretation);
    out.key("confidence");
    out.value(answer->confidence);
    out.end_object();
    if (answer->query) signal.metric_query = wire::RawJson{wire::encode(*answer->query)};
  }
  return signal;
}

/// A completion as the exports want it: what was, or should have been, answered.
std::optional<wire::RawJson> completion(const std::optional<std::string>& sql,
                                        const std::optional<std::string>& text,
                                        const std::optional<wire::RawJson>& query) {
  if (!sql && !text && !query) return std::nullopt;
  wire::RawJson made;
  wire::JsonWriter out(made.text);
  out.begin_object();
  wire::EncodeFields write{out};
  auto copy = std::make_tuple(sql, text, query);
  write("sql", std::get<0>(copy), "");
  write("text", std::get<1>(copy), "");
  write("query", std::get<2>(copy), "");
  out.end_object();
  return made;
}

}  // namespace

std::vector<wire::LearningSignal> signals_of(const wire::FeedbackEvent& event,
                                             const KnownResponse& response) {
  std::vector<wire::LearningSignal> signals;
  if (!event.verified || !response) return signals;
  std::optional<wire::Answer> answer;
  const wire::JsonLimits limits{.bytes_max = 64U << 20U, .depth_max = 64, .values_max = 20'000'000};
  if (auto decoded = wire::decode<wire::Answer>(response->answer_json, limits))
    answer = std::move(decoded->message);

  const bool is_implicit = event.feedback_source == wire::FeedbackSource::implicit;
  if (event.feedback_type == wire::FeedbackType::correction) {
    const auto chosen =
        completion(event.data.corrected_sql, event.data.corrected_text, event.data.corrected_query);
    const auto rejected =
        completion(event.data.original_sql, event.data.original_text, event.data.original_query);
    if (chosen) {
      auto demonstration = begin_signal(event, wire::SignalType::demonstration, *response, answer);
      demonstration.chosen = chosen;
      demonstration.reward = 1;
      demonstration.weight = kCorrectionWeight;
      signals.push_back(std::move(demonstration));
    }
    if (chosen && rejected) {
      auto preference = begin_signal(event, wire::SignalType::preference, *response, answer);
      preference.chosen = chosen;
      preference.rejected = rejected;
      preference.reward = 1;
      preference.weight = kCorrectionWeight;
      signals.push_back(std::move(preference));
    }
  }
  if (const auto reward = reward_of(event)) {
    auto signal = begin_signal(event, wire::SignalType::reward, *response, answer);
    signal.reward = *reward;
    signal.weight = is_implicit ? kImplicitWeight : kExplicitWeight;
    if (answer) {
      std::optional<wire::RawJson> query = signal.metric_query;
      (*reward >= 0 ? signal.chosen : signal.rejected) =
          completion(answer->sql, std::optional<std::string>(answer->response), query);
    }
    signals.push_back(std::move(signal));
  }
  return signals;
}

}  // namespace loquat::feedback
