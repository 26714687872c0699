#include "loquat/wire/codec.hpp"
#include "personal.hpp"
#include "service.hpp"
#include "signals.hpp"

/// What is said, kept; and what comes back through Kafka, made to signals.
namespace loquat::feedback {

using contracts::Principal;
using contracts::RequestContext;
using wire::FeedbackEvent;

Task<Result<Service::Known>> Service::look_up(Principal principal, RequestContext context,
                                              std::string session_id, std::string response_id) {
  auto found = co_await ports_.sessions.find_response(response_id);
  // A store that is away must not lose a vote: it is taken unverified, and never teaches.
  KnownResponse response;
  if (found) response = std::move(*found);
  const Standing standing = standing_of(response, principal, session_id);
  if (standing == Standing::anothers) co_return fail(Errc::not_found, "There is no such response.");
  Known known;
  known.subject = {std::move(principal), std::move(context), std::move(session_id),
                   std::move(response_id), standing == Standing::own};
  if (known.subject.verified) known.subject.message_id = response->message_id;
  known.response = std::move(response);
  co_return known;
}

std::shared_ptr<const TaggedNames> Service::tagged() const {
  static const auto none = std::make_shared<const TaggedNames>();
  return ports_.personal_columns ? ports_.personal_columns() : none;
}

Task<Result<ReceiptView>> Service::keep(FeedbackEvent event) {
  if (event.event_id.empty()) event.event_id = make_id(FeedbackEvent::kPrefix, ports_.sources);
  strip_personal(event, *tagged());
  event.timestamp = ports_.sources.wall.now();
  if (event.session_id) watch_.feedback_given(*event.session_id, event.response_id);
  ReceiptView view;
  view.event_id = event.event_id;
  FeedbackEvent copy = event;
  auto receipt = co_await ports_.events.publish(std::move(event));
  if (!receipt) co_return receipt.error();
  recent_.put(std::move(copy));
  view.status = name_of(*receipt);
  co_return view;
}

Task<Result<void>> Service::check_sql(const std::optional<std::string>& sql, std::string pointer) {
  if (!sql) co_return Result<void>{};
  std::string dialect(ports_.dialect);
  auto facts = co_await ports_.inspector.inspect(*sql, std::move(dialect));
  std::string problem;
  if (!facts)
    problem = facts.error().detail;
  else if (!facts->problems.empty())
    problem = facts->problems.front();
  else if (!facts->is_single_select)
    problem = "must be one SELECT";
  if (problem.empty()) co_return Result<void>{};
  co_return Error{
      Errc::invalid_request, "The corrected SQL is refused.", {{std::move(pointer), problem}}};
}

Task<Result<std::string>> Service::submit(Principal principal, RequestContext context,
                                          std::string session_id, std::string body) {
  auto node = wire::parse_json(body);
  if (!node) co_return node.error();
  // The frame names no session: its connection does.
  const bool has_session = node->find("session_id") != nullptr;
  wire::JsonNode id;
  id.kind = wire::JsonNode::Kind::string;
  id.string = session_id;
  if (!has_session) node->members.push_back({"session_id", std::move(id)});
  auto decoded = wire::decode_node<SubmitBody>(*node);
  if (!decoded) co_return decoded.error();
  const SubmitBody& wanted = decoded->message;
  if (wanted.session_id != session_id)
    co_return Error{Errc::invalid_request,
                    "The frame names another session.",
                    {{"/session_id", "is not this one"}}};
  auto known =
      co_await look_up(std::move(principal), std::move(context), session_id, wanted.response_id);
  if (!known) co_return known.error();
  auto event = from_submit(known->subject, wanted, config_);
  if (!event) co_return event.error();
  std::string at = wanted.corrected_sql ? "/corrected_sql" : "/data/corrected_sql";
  const Result<void> checked = co_await check_sql(event->data.corrected_sql, std::move(at));
  if (!checked) co_return checked.error();
  fill_from_response(*event, known->response);
  auto receipt = co_await keep(std::move(*event));
  if (!receipt) co_return receipt.error();
  co_return wire::encode(*receipt);
}

Task<Result<void>> Service::handle(FeedbackEvent event, contracts::RecordPlace place) {
  KnownResponse response;
  if (event.verified) {
    auto found = co_await ports_.sessions.find_response(event.response_id);
    if (!found) co_return found.error();
    response = std::move(*found);
    // A record that claims another's response is no feedback of ours.
    if (response && response->tenant_id != event.tenant_id)
      co_return fail(Errc::corrupt, "The tenants differ.");
  }
  auto signals = signals_of(event, response);
  const auto names = tagged();
  for (auto& signal : signals) strip_personal(signal, *names);
  contracts::FeedbackRow row{event, std::move(place)};
  auto stored = co_await ports_.store.put(std::move(row), signals);
  if (!stored) co_return stored.error();
  // Signals are reported again for a copy: their ids are the same, and a crash in between lost
  // none.
  for (auto& signal : signals) {
    auto receipt = co_await ports_.events.publish(std::move(signal));
    // What the broker will never take is counted by who tried: trying again would hold up the rest.
    const bool is_hopeless = !receipt && receipt.error().code == Errc::payload_too_large;
    if (!receipt && !is_hopeless) co_return receipt.error();
  }
  // Handed on for a copy too: a crash in between taught nothing, and the sink goes by event_id.
  if (ports_.learning != nullptr && event.verified && response) {
    const Result<void> learnt = co_await ports_.learning->learn(event);
    if (!learnt) co_return learnt.error();
  }
  if (*stored)
    for (auto* observer : ports_.observers) observer->on_feedback(event);
  co_return Result<void>{};
}

FeedbackEvent Service::named(const edge::Call& call, FeedbackEvent event) {
  const auto key = call.request.header("X-Idempotency-Key");
  if (!key.empty())
    event.event_id = event_id_of(call.principal, call.request.path, key, call.request.body);
  return event;
}

void Service::warn_if_unknown(edge::Call& call, const Subject& subject) {
  if (!subject.verified)
    call.warn("UNKNOWN_RESPONSE",
              "The response is not known here: the feedback is kept, but does not teach.");
}

Task<Result<edge::Reply>> Service::submit_route(edge::Call& call) {
  auto body = call.body<SubmitBody>();
  if (!body) co_return body.error();
  auto known = co_await look_up(call.principal, call.context, body->session_id, body->response_id);
  if (!known) co_return known.error();
  auto event = from_submit(known->subject, *body, config_);
  if (!event) co_return event.error();
  std::string at = body->corrected_sql ? "/corrected_sql" : "/data/corrected_sql";
  const Result<void> checked = co_await check_sql(event->data.corrected_sql, std::move(at));
  if (!checked) co_return checked.error();
  fill_from_response(*event, known->response);
  warn_if_unknown(call, known->subject);
  auto receipt = co_await keep(named(call, std::move(*event)));
  if (!receipt) co_return receipt.error();
  co_return edge::reply(*receipt);
}

Task<Result<edge::Reply>> Service::correction_route(edge::Call& call) {
  auto body = call.body<CorrectionBody>();
  if (!body) co_return body.error();
  const Result<void> checked = co_await check_sql(body->corrected_sql, "/corrected_sql");
  if (!checked) co_return checked.error();
  auto known = co_await look_up(call.principal, call.context, body->session_id, body->response_id);
  if (!known) co_return known.error();
  auto event = from_correction(known->subject, *body, known->response);
  if (!event) co_return event.error();
  warn_if_unknown(call, known->subject);
  auto receipt = co_await keep(named(call, std::move(*event)));
  if (!receipt) co_return receipt.error();
  co_return edge::reply(*receipt);
}

Task<Result<edge::Reply>> Service::rating_route(edge::Call& call) {
  auto body = call.body<RatingBody>();
  if (!body) co_return body.error();
  auto known = co_await look_up(call.principal, call.context, body->session_id, body->response_id);
  if (!known) co_return known.error();
  warn_if_unknown(call, known->subject);
  auto receipt = co_await keep(named(call, from_rating(known->subject, *body)));
  if (!receipt) co_return receipt.error();
  co_return edge::reply(*receipt);
}

std::unique_ptr<Feedback> make_feedback(FeedbackConfig config, Ports ports) {
  return std::make_unique<Service>(std::move(config), std::move(ports));
}

}  // namespace loquat::feedback
