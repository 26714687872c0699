#include "implicit_watch.hpp"

#include "derived_id.hpp"
#include "loquat/wire/codec.hpp"
#include "telemetry_events.hpp"

namespace loquat::feedback {
namespace {

/// What led to the conclusion, beside the event's known fields.
struct Evidence {
  std::string detected;
  std::vector<std::string> evidence;
  template <class V>
  void fields(V& v) {
    v("detected", detected, "");
    v("evidence", evidence, "");
  }
};

}  // namespace

wire::FeedbackEvent implicit_event(const Detected& detected, const contracts::TurnFinished& turn,
                                   WallTime now) {
  wire::FeedbackEvent event;
  event.event_id = derived_id(wire::FeedbackEvent::kPrefix,
                              {"implicit", turn.principal.tenant_id, turn.session_id,
                               detected.response_id, name_of(detected.type)});
  event.event_type = wire::FeedbackEvent::kType;
  event.tenant_id = turn.principal.tenant_id;
  event.user_id = turn.principal.user_id;
  event.session_id = turn.session_id;
  if (!turn.context.trace_id.empty()) event.trace_id = turn.context.trace_id;
  event.timestamp = now;
  if (!detected.message_id.empty()) event.message_id = detected.message_id;
  event.response_id = detected.response_id;
  event.verified = true;  // an answer of this very session
  event.feedback_type = detected.type;
  event.feedback_source = wire::FeedbackSource::implicit;
  event.data.question = detected.question;
  event.data.extra = wire::RawJson{wire::encode(Evidence{detected.reason, detected.evidence})};
  return event;
}

ImplicitWatch::ImplicitWatch(ImplicitConfig config, Ports ports)
    : ports_(std::move(ports)),
      detector_(std::move(config)),
      tasks_(ports_.executor, "feedback", ports_.telemetry) {}

void ImplicitWatch::turn_finished(const contracts::TurnFinished& turn) {
  TurnSeen seen;
  seen.session_id = turn.session_id;
  seen.response_id = turn.answer->response_id;
  seen.message_id = turn.message_id;
  seen.question = turn.question;
  seen.status = turn.answer->status;
  seen.query = turn.query;
  seen.is_follow_up = turn.answer->intent == "refinement";
  for (const auto& detected : detector_.turn_finished(seen, Clock::now()))
    tasks_.spawn("implicit feedback",
                 keep(implicit_event(detected, turn, ports_.sources.wall.now())));
}

contracts::Task<void> ImplicitWatch::keep(wire::FeedbackEvent event) {
  const wire::FeedbackType type = event.feedback_type;
  const auto receipt = co_await ports_.events.publish(std::move(event));
  // Nobody was promised anything: what finds no room is counted, and gone.
  if (receipt)
    ports_.telemetry.emit(ImplicitDetected{type});
  else
    ports_.telemetry.emit(ImplicitDropped{type, receipt.error().code});
}

contracts::Task<void> ImplicitWatch::stop(Time deadline) { return tasks_.drain(deadline); }

}  // namespace loquat::feedback
