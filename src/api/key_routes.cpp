#include "bodies.hpp"
#include "groups.hpp"
#include "loquat/security/api_keys.hpp"

/// API keys for machines.
namespace loquat::api {
namespace {

constexpr std::string_view kKeys = "/api/v1/auth/keys";

struct KeyOrderBody {
  std::string name, role = "viewer";
  std::optional<WallTime> expires_at;
  template <class V>
  void fields(V& v) {
    v("name", name, "What the key is for.", len(1, 200));
    v("role", role, "What it may do.", one_of({"viewer", "analyst", "curator", "operator"}),
      defaulted);
    v("expires_at", expires_at, "When it ends; absent: never.");
  }
};
struct KeyBody {
  std::string key_id, name, role, prefix, created_by;
  WallTime created_at{};
  std::optional<WallTime> expires_at, last_used_at;
  std::optional<std::string> key;
  template <class V>
  void fields(V& v) {
    v("key_id", key_id, "Id of the key; also the user in whose name it acts.");
    v("name", name, "What the key is for.");
    v("role", role, "What it may do.");
    v("prefix", prefix, "How the key begins, to tell keys apart.");
    v("created_by", created_by, "Who made it.");
    v("created_at", created_at, "When it was made.");
    v("expires_at", expires_at, "When it ends; absent: never.");
    v("last_used_at", last_used_at, "When it was last used.");
    v("key", key, "The key itself: only in the answer to its making, never again.");
  }
};

KeyBody body_of(const contracts::ApiKeyRecord& record) {
  KeyBody body;
  body.key_id = record.key_id;
  body.name = record.name;
  body.role = record.role;
  body.prefix = record.prefix;
  body.created_by = record.created_by;
  body.created_at = record.created_at;
  body.expires_at = record.expires_at;
  body.last_used_at = record.last_used_at;
  return body;
}

edge::RouteSpec key_route(net::Method method, std::string_view rest, std::string action,
                          std::string summary) {
  edge::RouteSpec spec;
  spec.method = method;
  spec.pattern = std::string(kKeys) + std::string(rest);
  spec.right = security::Right::operate;
  spec.action = std::move(action);
  spec.summary = std::move(summary);
  spec.resource_type = "api_key";
  return spec;
}

Task<Result<Reply>> make_key(const Ports& ports, security::ApiKeys& keys, Call& call) {
  auto body = call.body<KeyOrderBody>();
  if (!body) co_return body.error();
  const auto now = ports.routes.ports().sources.wall.now();
  if (body->expires_at && *body->expires_at <= now) {
    Error error = fail(Errc::invalid_request, "The key would have ended already.");
    error.fields.push_back({"/expires_at", "must lie in the future"});
    co_return error;
  }
  security::ApiKeys::Order order;
  order.name = std::move(body->name);
  order.role = std::move(body->role);
  order.expires_at = body->expires_at;
  auto issued = co_await keys.issue(call.principal, std::move(order));
  if (!issued) co_return issued.error();
  auto made = body_of(issued->record);
  made.key = std::move(issued->key);
  call.made_id = made.key_id;
  co_return edge::reply(made);
}

}  // namespace

void add_key_routes(const Ports& ports) {
  auto* keys = ports.routes.ports().api_keys;
  if (keys == nullptr) return;
  auto make = key_route(net::Method::post, "", "auth.key.create",
                        "Makes an API key for a machine; the key is shown once.");
  make.request_schema = wire::inline_schema<KeyOrderBody>();
  make.response_schema = wire::inline_schema<KeyBody>();
  make.success = 201;
  make.told = {"role", "expires_at"};
  // No idempotency: the kept answer would hold the key.
  ports.routes.add(make, [ports, keys](Call& call) { return make_key(ports, *keys, call); });

  auto list = key_route(net::Method::get, "", "auth.key.list", "The tenant's API keys.");
  list.response_schema = wire::inline_schema<PageBody<KeyBody>>();
  ports.routes.add(list, [keys](Call& call) -> Task<Result<Reply>> {
    PageBody<KeyBody> body;
    for (const auto& record : keys->list(call.principal.tenant_id))
      body.items.push_back(body_of(record));
    co_return edge::reply(body);
  });

  auto revoke = key_route(net::Method::delete_, "/{key_id}", "auth.key.revoke",
                          "Revokes a key; it opens nothing from now on.");
  revoke.resource_param = "key_id";
  ports.routes.add(revoke, [keys](Call& call) -> Task<Result<Reply>> {
    const auto done = co_await keys->revoke(call.principal.tenant_id, call.param("key_id"));
    if (!done) co_return done.error();
    co_return edge::reply_json("null");
  });
}

}  // namespace loquat::api
