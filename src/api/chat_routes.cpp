#include <algorithm>

#include "bodies.hpp"
#include "groups.hpp"
#include "loquat/runtime/task.hpp"
#include "loquat/wire/answer.hpp"

namespace loquat::api {
namespace {

constexpr std::string_view kSessions = "/api/v1/bi/chat/sessions";

SessionBody body_of(contracts::SessionInfo info) {
  SessionBody body;
  body.session_id = std::move(info.session_id);
  body.tenant_id = std::move(info.tenant_id);
  body.user_id = std::move(info.user_id);
  body.title = std::move(info.title);
  body.created_at = info.created_at;
  body.last_active_at = info.last_active_at;
  body.message_count = info.message_count;
  return body;
}

StoredMessageBody body_of(contracts::StoredMessage message) {
  StoredMessageBody body;
  body.message_id = std::move(message.message_id);
  body.session_id = std::move(message.session_id);
  body.content = std::move(message.content);
  body.created_at = message.created_at;
  body.client_id = std::move(message.client_id);
  if (message.answer) body.answer = *message.answer;
  return body;
}

template <class B, class T>
PageBody<B> page_of(contracts::Page<T> page) {
  PageBody<B> body;
  for (auto& item : page.items) body.items.push_back(body_of(std::move(item)));
  if (!page.next_cursor.empty()) body.next_cursor = std::move(page.next_cursor);
  return body;
}

std::string text_of(const wire::JsonNode& node, std::string_view name) {
  const auto* found = node.find(name);
  return found != nullptr ? found->string : std::string();
}

/// Of a session's log, for the envelope: what was shown may be in memory only.
void note_store(const contracts::SessionLog& log, Call& call, std::string message) {
  if (log.is_stored()) return;
  call.degraded.emplace_back("store");
  call.warn("NOT_STORED", std::move(message));
}

/// What the log says went wrong on the way to one answer, for the envelope.
Task<void> note_degradation(const Ports& ports, Call& call, std::string session_id,
                            std::string message_id, std::uint64_t from) {
  auto log = co_await ports.conversations.open_log(call.principal, std::move(session_id));
  if (!log) co_return;
  // The entries say what was known when they were written; this came to light since.
  note_store(**log, call, "The answer is given, but cannot be kept for a restart.");
  for (std::uint64_t after = from > 0 ? from - 1 : 0; after < (*log)->last_seq();) {
    const auto entries = co_await (*log)->read(after, 256, 1U << 20U);
    if (!entries || entries->empty()) co_return;
    for (const auto& entry : *entries) {
      after = entry.seq;
      const bool is_end = entry.type == "complete";
      if (!is_end && entry.type != "degraded" && entry.type != "error") continue;
      const auto node = wire::parse_json(*entry.bytes);
      if (!node || text_of(*node, "message_id") != message_id) continue;
      if (is_end) co_return;
      if (entry.type == "error") {
        call.warn(text_of(*node, "code"), text_of(*node, "message"));
        continue;
      }
      const std::string integration = text_of(*node, "integration");
      if (std::ranges::find(call.degraded, integration) != call.degraded.end()) continue;
      call.degraded.push_back(integration);
      // These two have a code of their own in the contract (section 5).
      if (integration == "store") call.warn("NOT_STORED", text_of(*node, "behaviour"));
      if (integration == "dbt") call.warn("STALE_MODEL", text_of(*node, "behaviour"));
    }
  }
}

Task<Result<Reply>> ask(const Ports& ports, Call& call, std::string session_id, MessageBody body) {
  const bool is_async = call.text("async") == "true";
  contracts::TurnRequest request;
  request.principal = call.principal;
  request.context = call.context;
  request.session_id = session_id;
  request.text = std::move(body.message);
  request.response_style = body.response_style.value_or("");
  request.deadline = call.deadline;
  const auto key = call.request.header("X-Idempotency-Key");
  if (!key.empty()) request.client_id = std::string(key);
  const auto accepted = co_await ports.conversations.submit(std::move(request));
  if (!accepted) co_return accepted.error();
  if (is_async) {
    AcceptedBody made;
    made.message_id = accepted->message_id;
    made.seq = accepted->seq;
    made.events_url = std::string(kSessions) + "/" + net::percent_encode(session_id) +
                      "/events?after=" + std::to_string(accepted->seq);
    co_return edge::reply(made, 202);
  }
  // A little longer than the turn itself has: it ends by its own deadline, with an answer.
  const auto until = call.deadline + std::chrono::seconds(5);
  auto waiting = ports.conversations.answer(call.principal, session_id, accepted->message_id);
  const auto answer = co_await runtime::with_deadline(std::move(waiting), until);
  if (!answer) co_return answer.error();
  co_await note_degradation(ports, call, session_id, accepted->message_id, accepted->seq);
  co_return edge::reply(**answer);
}

edge::RouteSpec session_route(net::Method method, std::string_view rest, std::string action,
                              std::string summary) {
  edge::RouteSpec spec;
  spec.method = method;
  spec.pattern = std::string(kSessions) + std::string(rest);
  spec.action = std::move(action);
  spec.summary = std::move(summary);
  spec.resource_type = "session";
  if (!rest.empty()) spec.resource_param = "id";
  return spec;
}

void add_session_routes(const Ports& ports) {
  auto create = session_route(net::Method::post, "", "session.create", "Begins a session.");
  create.right = security::Right::ask;
  create.request_schema = wire::inline_schema<CreateSessionBody>();
  create.response_schema = wire::inline_schema<SessionBody>();
  create.success = 201;
  create.idempotent = true;
  ports.routes.add(create, [ports](Call& call) -> Task<Result<Reply>> {
    auto body = call.body<CreateSessionBody>();
    if (!body) co_return body.error();
    auto info = co_await ports.conversations.create(call.principal, std::move(body->title));
    if (!info) co_return info.error();
    const auto log = co_await ports.conversations.open_log(call.principal, info->session_id);
    if (log) note_store(**log, call, "The session is there, but cannot be kept for a restart.");
    co_return edge::reply(body_of(std::move(*info)));
  });

  auto list = session_route(net::Method::get, "", "session.list", "One's sessions, latest first.");
  list.query = {{"cursor", "Where to go on."},
                {"limit", "Most items.", false, std::string(kPageLimit)}};
  list.response_schema = wire::inline_schema<PageBody<SessionBody>>();
  ports.routes.add(list, [ports](Call& call) -> Task<Result<Reply>> {
    auto paging = call.paging();
    if (!paging) co_return paging.error();
    auto page =
        co_await ports.conversations.list(call.principal, std::move(paging->cursor), paging->limit);
    if (!page) co_return page.error();
    co_return edge::reply(page_of<SessionBody>(std::move(*page)));
  });

  auto get = session_route(net::Method::get, "/{id}", "session.read", "One session.");
  get.response_schema = wire::inline_schema<SessionBody>();
  ports.routes.add(get, [ports](Call& call) -> Task<Result<Reply>> {
    auto info = co_await ports.conversations.get(call.principal, call.param("id"));
    if (!info) co_return info.error();
    co_return edge::reply(body_of(std::move(*info)));
  });

  auto end = session_route(net::Method::delete_, "/{id}", "session.end", "Ends and forgets it.");
  end.right = security::Right::ask;
  end.work = degradation::Work::kept;  // it makes room
  ports.routes.add(end, [ports](Call& call) -> Task<Result<Reply>> {
    const auto done = co_await ports.conversations.end(call.principal, call.param("id"));
    if (!done) co_return done.error();
    co_return edge::reply_json("null");
  });
}

void add_message_routes(const Ports& ports) {
  auto send = session_route(net::Method::post, "/{id}/messages", "message.create",
                            "Asks; answers with the whole answer, or at once with async=true.");
  send.right = security::Right::ask;
  send.request_schema = wire::inline_schema<MessageBody>();
  send.response_schema = wire::inline_schema<wire::Answer>();
  send.query = {{"async", "true: 202 at once; the answer comes by the log."}};
  send.idempotent = true;
  ports.routes.add(send, [ports](Call& call) -> Task<Result<Reply>> {
    auto body = call.body<MessageBody>();
    if (!body) co_return body.error();
    co_return co_await ask(ports, call, call.param("id"), std::move(*body));
  });

  edge::RouteSpec process;
  process.method = net::Method::post;
  process.pattern = "/api/v1/agents/process";
  process.right = security::Right::ask;
  process.action = "agents.process";
  process.summary = "As a session's messages, with the session in the body.";
  process.resource_type = "session";
  process.resource_member = "session_id";
  process.request_schema = wire::inline_schema<ProcessBody>();
  process.response_schema = wire::inline_schema<wire::Answer>();
  process.idempotent = true;
  ports.routes.add(process, [ports](Call& call) -> Task<Result<Reply>> {
    auto body = call.body<ProcessBody>();
    if (!body) co_return body.error();
    auto session_id = body->session_id;
    MessageBody message = std::move(*body);
    co_return co_await ask(ports, call, std::move(session_id), std::move(message));
  });

  auto history = session_route(net::Method::get, "/{id}/messages", "message.list",
                               "Questions and answers so far.");
  history.query = {{"cursor", "Where to go on."},
                   {"limit", "Most items.", false, std::string(kPageLimit)}};
  history.response_schema = wire::inline_schema<PageBody<StoredMessageBody>>();
  ports.routes.add(history, [ports](Call& call) -> Task<Result<Reply>> {
    auto paging = call.paging();
    if (!paging) co_return paging.error();
    auto page = co_await ports.conversations.messages(call.principal, call.param("id"),
                                                      std::move(paging->cursor), paging->limit);
    if (!page) co_return page.error();
    co_return edge::reply(page_of<StoredMessageBody>(std::move(*page)));
  });

  auto cancel = session_route(net::Method::post, "/{id}/messages/{message_id}/cancel",
                              "message.cancel", "Cancels a running answer, its query included.");
  cancel.right = security::Right::ask;
  cancel.work = degradation::Work::kept;
  cancel.response_schema = wire::inline_schema<CancelledBody>();
  ports.routes.add(cancel, [ports](Call& call) -> Task<Result<Reply>> {
    CancelledBody body;
    body.message_id = call.param("message_id");
    std::optional<std::string> which = body.message_id;
    const auto done =
        co_await ports.conversations.cancel(call.principal, call.param("id"), std::move(which));
    if (!done) co_return done.error();
    co_return edge::reply(body);
  });
}

}  // namespace

void add_chat_routes(const Ports& ports) {
  add_session_routes(ports);
  add_message_routes(ports);
}

}  // namespace loquat::api
