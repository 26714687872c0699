#include <algorithm>

#include "gate.hpp"
#include "loquat/agents/learnt.hpp"
#include "loquat/semantic/model_index.hpp"
#include "loquat/wire/codec.hpp"
#include "service.hpp"

/// What people see of it, and what curators decide.
namespace loquat::memory {

using contracts::LearntItem;
using contracts::LearntKind;
using contracts::LearntState;
using contracts::MetricQuery;
using contracts::Task;

namespace {

std::string prefix_of(LearntKind kind) { return kind == LearntKind::verified ? "ver" : "mem"; }

Error at_query(Error error) {
  error.code = Errc::invalid_request;
  for (auto& issue : error.fields) issue.pointer = "/query" + issue.pointer;
  if (error.fields.empty()) error.fields.push_back({"/query", error.detail});
  return error;
}

}  // namespace

ItemView Service::view_of(const Item& item) const {
  ItemView view;
  static_cast<LearntItem&>(view) = item;
  const auto model = ports_.models.current();
  if (!model || !item.query) return view;
  auto query = agents::from_shape(*item.query);
  if (!query) {
    view.broken = query.error().detail;
    return view;
  }
  const auto compiled = model->index->compile(*query, {});
  if (compiled) return view;
  std::string why = compiled.error().detail;
  for (const auto& issue : compiled.error().fields) why += " " + issue.message;
  view.broken = std::move(why);
  return view;
}

Result<Service::Item*> Service::find_item(Tenant& tenant, const std::string& id, LearntKind kind) {
  const auto known = tenant.items.find(id);
  if (known == tenant.items.end() || known->second.kind != kind)
    return fail(Errc::not_found, "There is no such item.");
  return &known->second;
}

Task<Result<edge::Reply>> Service::list_route(edge::Call& call, LearntKind kind) {
  const std::string wanted = call.text("state");
  const auto state = enum_from<LearntState>(wanted);
  if (!wanted.empty() && !state)
    co_return Error{Errc::invalid_request,
                    "A parameter is wrong.",
                    {{"/state", "must be one of pending, active, retired"}}};
  auto found = co_await tenant(call.principal.tenant_id);
  if (!found) co_return found.error();
  ItemsView view;
  for (const auto& [_, item] : (*found)->items)
    if (item.kind == kind && (wanted.empty() || item.state == *state))
      view.items.push_back(view_of(item));
  std::ranges::reverse(view.items);
  for (const auto& item : view.items) view.broken_count += item.broken ? 1 : 0;
  if (const auto model = ports_.models.current()) view.model_version = model->version;
  co_return edge::reply(view);
}

Task<Result<edge::Reply>> Service::show_route(edge::Call& call, LearntKind kind) {
  auto found = co_await tenant(call.principal.tenant_id);
  if (!found) co_return found.error();
  auto item = find_item(**found, call.param("id"), kind);
  if (!item) co_return item.error();
  co_return edge::reply(view_of(**item));
}

Task<Result<edge::Reply>> Service::activate_route(edge::Call& call) {
  auto body = call.body<DecisionBody>();
  if (!body) co_return body.error();
  auto found = co_await tenant(call.principal.tenant_id);
  if (!found) co_return found.error();
  auto known = find_item(**found, call.param("id"), LearntKind::memory);
  if (!known) co_return known.error();
  Snapshot model = ports_.models.current();
  if (!model) co_return fail(Errc::unavailable, "No dbt model has been imported yet.");
  Lesson lesson;
  lesson.item = **known;
  Item& item = lesson.item;
  if (body->query) item.query = body->query;
  if (!item.query)
    co_return Error{Errc::conflict,
                    "Nothing modelled answers this correction.",
                    {{"/query", "give the metric query that does"}}};
  auto query = agents::from_shape(*item.query);
  if (!query) co_return at_query(query.error());
  auto compiled = model->index->compile(*query, {});
  if (!compiled) co_return at_query(compiled.error());
  const std::int64_t version = item.version;
  if (body->query) {
    lesson.query = std::move(*query);
    item.problems.clear();
    const Result<void> checked = co_await check(lesson, model);
    if (!checked) co_return checked.error();
  }
  const auto turn = co_await (*found)->turn.acquire();
  if (!turn) co_return turn.error();
  auto again = find_item(**found, item.id, LearntKind::memory);
  if (!again || (*again)->version != version)
    co_return fail(Errc::conflict, "The item was changed meanwhile; look at it again.");
  // What users said of it while it was checked stays.
  item.stances = (*again)->stances;
  item.agreeing_users = (*again)->agreeing_users;
  item.contradicting_users = (*again)->contradicting_users;
  item.source_event_ids = (*again)->source_event_ids;
  item.used_count = (*again)->used_count;
  if (body->query && (*again)->query &&
      wire::encode(*(*again)->query) != wire::encode(*item.query)) {
    wire::QueryShape wanted = std::move(*item.query);
    item.query = (*again)->query;
    change_query(item, std::move(wanted), call.principal.user_id,
                 body->note.value_or("A person gave another query."), ports_.sources.wall.now());
  }
  change_state(item, LearntState::active, call.principal.user_id,
               body->note.value_or("A person decided."), ports_.sources.wall.now());
  for (const auto& problem : item.problems) call.warn("SPEAKS_AGAINST_IT", problem);
  const ItemView view = view_of(item);
  const Result<void> kept = co_await keep(*found, std::move(item));
  if (!kept) co_return kept.error();
  co_return edge::reply(view);
}

Task<Result<edge::Reply>> Service::retire_route(edge::Call& call) {
  auto body = call.body<DecisionBody>();
  if (!body) co_return body.error();
  auto found = co_await tenant(call.principal.tenant_id);
  if (!found) co_return found.error();
  const auto turn = co_await (*found)->turn.acquire();
  if (!turn) co_return turn.error();
  auto known = find_item(**found, call.param("id"), LearntKind::memory);
  if (!known) co_return known.error();
  Item item = **known;
  change_state(item, LearntState::retired, call.principal.user_id,
               body->note.value_or("A person decided."), ports_.sources.wall.now());
  const ItemView view = view_of(item);
  const Result<void> kept = co_await keep(*found, std::move(item));
  if (!kept) co_return kept.error();
  co_return edge::reply(view);
}

Task<Result<edge::Reply>> Service::undo_route(edge::Call& call) {
  auto found = co_await tenant(call.principal.tenant_id);
  if (!found) co_return found.error();
  const auto turn = co_await (*found)->turn.acquire();
  if (!turn) co_return turn.error();
  auto known = find_item(**found, call.param("id"), LearntKind::memory);
  if (!known) co_return known.error();
  Item item = **known;
  const Result<void> undone = undo(item, call.principal.user_id, ports_.sources.wall.now());
  if (!undone) co_return undone.error();
  const ItemView view = view_of(item);
  const Result<void> kept = co_await keep(*found, std::move(item));
  if (!kept) co_return kept.error();
  co_return edge::reply(view);
}

Task<Result<MetricQuery>> Service::query_for(edge::Call& call, const VerifyBody& body) {
  const Error missing{Errc::invalid_request,
                      "There is no query to verify.",
                      {{"/query", "give query or response_id"}}};
  if (body.query) {
    auto query = agents::from_shape(*body.query);
    if (!query) co_return at_query(query.error());
    co_return std::move(*query);
  }
  if (!body.response_id) co_return missing;
  auto record = co_await ports_.sessions.find_response(*body.response_id);
  if (!record) co_return record.error();
  if (!*record || (*record)->tenant_id != call.principal.tenant_id)
    co_return fail(Errc::not_found, "There is no such response.");
  auto answer = wire::decode<wire::Answer>((*record)->answer_json);
  if (!answer || !answer->message.query) co_return missing;
  auto query = agents::from_shape(*answer->message.query);
  if (!query) co_return query.error();
  co_return std::move(*query);
}

Task<Result<edge::Reply>> Service::verify_route(edge::Call& call) {
  auto body = call.body<VerifyBody>();
  if (!body) co_return body.error();
  auto query = co_await query_for(call, *body);
  if (!query) co_return query.error();
  Snapshot model = ports_.models.current();
  if (!model) co_return fail(Errc::unavailable, "No dbt model has been imported yet.");
  const Date day = ports_.today();
  struct Checked {
    std::string form;
    Result<bool> fixed;
    Result<void> compiled;
    std::vector<std::string> doubts;
  };
  auto work = [model, question = body->question, wanted = *query, day] {
    semantic::PlanRequest request;
    request.question = question;
    request.today = day;
    auto compiled = model->index->compile(wanted, {});
    return Checked{semantic::frame_of(*model->vocabulary, request).form,
                   agents::is_period_fixed(*model->vocabulary, question, wanted, day),
                   compiled ? Result<void>{} : Result<void>(compiled.error()),
                   agents::contradictions(*model->vocabulary, question, wanted, day)};
  };
  auto checked = co_await ports_.workers.run(std::move(work));
  if (!checked) co_return checked.error();
  if (!checked->compiled) co_return at_query(checked->compiled.error());
  if (!checked->fixed) co_return checked->fixed.error();
  auto found = co_await tenant(call.principal.tenant_id);
  if (!found) co_return found.error();
  const auto turn = co_await (*found)->turn.acquire();
  if (!turn) co_return turn.error();
  const WallTime now = ports_.sources.wall.now();
  Item item;
  for (const auto& [_, other] : (*found)->items)
    if (other.kind == LearntKind::verified && other.question == body->question) item = other;
  if (item.id.empty()) {
    item.id = make_id(prefix_of(LearntKind::verified), ports_.sources);
    item.tenant_id = call.principal.tenant_id;
    item.kind = LearntKind::verified;
    item.created_at = now;
    item.source = "by_hand";
    item.author = call.principal.user_id;
    change_state(item, LearntState::active, item.author, "Verified.", now);
  } else {
    ++item.version;
    item.state = LearntState::active;
    item.updated_at = now;
    item.history.push_back({item.version, LearntState::active, call.principal.user_id,
                            "Verified again.", now, std::nullopt});
  }
  item.question = body->question;
  item.note = body->note.value_or(item.note);
  item.query = agents::to_shape(*query);
  item.normal_form = checked->form;
  item.is_period_fixed = *checked->fixed;
  item.problems = checked->doubts;
  for (const auto& doubt : checked->doubts) call.warn("SPEAKS_AGAINST_IT", doubt);
  const ItemView view = view_of(item);
  const Result<void> kept = co_await keep(*found, std::move(item));
  if (!kept) co_return kept.error();
  call.made_id = view.id;
  co_return edge::reply(view);
}

Task<Result<edge::Reply>> Service::remove_route(edge::Call& call, LearntKind kind) {
  std::string id = call.param("id");
  if (id.empty()) id = call.text("id");
  auto found = co_await tenant(call.principal.tenant_id);
  if (!found) co_return found.error();
  const auto turn = co_await (*found)->turn.acquire();
  if (!turn) co_return turn.error();
  auto known = find_item(**found, id, kind);
  if (!known) co_return known.error();
  const Result<void> removed = co_await ports_.store.remove(call.principal.tenant_id, id);
  if (!removed) co_return removed.error();
  (*found)->items.erase(id);
  ++(*found)->generation;
  co_return edge::reply(RemovedView{std::move(id)});
}

void Service::add_routes(edge::Routes& routes) {
  using net::Method;
  using security::Right;
  const auto spec = [](Method method, std::string pattern, Right right, std::string action,
                       std::string summary) {
    edge::RouteSpec made;
    made.method = method;
    made.pattern = "/api/v1/" + std::move(pattern);
    made.right = right;
    made.action = std::move(action);
    made.summary = std::move(summary);
    made.resource_type = "learnt_item";
    if (made.pattern.find("{id}") != std::string::npos) made.resource_param = "id";
    made.response_schema = wire::inline_schema<ItemView>();
    return made;
  };
  const edge::Parameter state{"state", "pending, active or retired; absent: all.", false,
                              R"({"type":"string","enum":["","pending","active","retired"]})"};
  for (const auto kind : {LearntKind::memory, LearntKind::verified}) {
    const bool is_memory = kind == LearntKind::memory;
    const std::string base = is_memory ? "memory" : "verified";
    const Right right = is_memory ? Right::curate : Right::read;
    auto list = spec(Method::get, base, right, base + ".list",
                     is_memory ? "What was learnt from corrections." : "Trusted answers.");
    list.response_schema = wire::inline_schema<ItemsView>();
    list.query = {state};
    routes.add(list, [this, kind](edge::Call& call) { return list_route(call, kind); });
    routes.add(spec(Method::get, base + "/{id}", right, base + ".read", "One item."),
               [this, kind](edge::Call& call) { return show_route(call, kind); });
  }
  auto activate = spec(Method::post, "memory/{id}/activate", Right::curate, "memory.activate",
                       "Let the planner use the item.");
  activate.request_schema = wire::inline_schema<DecisionBody>();
  routes.add(activate, [this](edge::Call& call) { return activate_route(call); });
  auto retire = spec(Method::post, "memory/{id}/retire", Right::curate, "memory.retire",
                     "Stop using the item; it is kept.");
  retire.request_schema = wire::inline_schema<DecisionBody>();
  routes.add(retire, [this](edge::Call& call) { return retire_route(call); });
  routes.add(spec(Method::post, "memory/{id}/undo", Right::curate, "memory.undo",
                  "Take back the last change of its state."),
             [this](edge::Call& call) { return undo_route(call); });
  auto forget = spec(Method::delete_, "memory/{id}", Right::curate, "memory.remove",
                     "Remove the item for good, and what it was taught by.");
  forget.response_schema = wire::inline_schema<RemovedView>();
  routes.add(forget, [this](edge::Call& call) { return remove_route(call, LearntKind::memory); });
  auto verify = spec(Method::put, "verified", Right::curate, "verified.put",
                     "Mark a question with its metric query as verified.");
  verify.request_schema = wire::inline_schema<VerifyBody>();
  routes.add(verify, [this](edge::Call& call) { return verify_route(call); });
  auto remove = spec(Method::delete_, "verified", Right::curate, "verified.remove",
                     "Remove a trusted answer.");
  remove.response_schema = wire::inline_schema<RemovedView>();
  remove.query = {{"id", "The item.", true}};
  remove.resource_member = "id";
  routes.add(remove, [this](edge::Call& call) { return remove_route(call, LearntKind::verified); });
  auto remove_one = spec(Method::delete_, "verified/{id}", Right::curate, "verified.remove_one",
                         "Remove a trusted answer.");
  remove_one.response_schema = remove.response_schema;
  routes.add(remove_one,
             [this](edge::Call& call) { return remove_route(call, LearntKind::verified); });
}

}  // namespace loquat::memory
