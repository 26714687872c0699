#include <map>

#include "bodies.hpp"
#include "groups.hpp"
#include "loquat/wire/events.hpp"

/// What was kept of answers: insights and traces.
namespace loquat::api {
namespace {

struct TraceItemBody {
  std::string kind, key;
  WallTime at{};
  wire::RawJson event;
  template <class V>
  void fields(V& v) {
    v("kind", kind, "Span, decision, thought, lineage, …");
    v("key", key, "Id of the record.");
    v("at", at, "When.");
    v("event", event, "The event as it left for its topic.");
  }
};
struct TraceBody {
  std::string trace_id;
  std::vector<TraceItemBody> items;
  template <class V>
  void fields(V& v) {
    v("trace_id", trace_id, "W3C trace id.");
    v("items", items, "Everything behind the answer, in order of time.");
  }
};

void add_insights(const Ports& ports) {
  edge::RouteSpec spec;
  spec.pattern = "/api/v1/insights";
  spec.action = "insight.list";
  spec.summary = "Insights of the tenant, latest first.";
  spec.resource_type = "insight";
  spec.query = {{"cursor", "Where to go on."},
                {"limit", "Most items.", false, std::string(kPageLimit)}};
  spec.response_schema = wire::inline_schema<PageBody<wire::InsightEvent>>();
  ports.routes.add(spec, [store = ports.insights](Call& call) -> Task<Result<Reply>> {
    auto paging = call.paging();
    if (!paging) co_return paging.error();
    auto page =
        co_await store->list(call.principal.tenant_id, std::move(paging->cursor), paging->limit);
    if (!page) co_return page.error();
    PageBody<wire::InsightEvent> body;
    body.items = std::move(page->items);
    // Others may see rows that this caller's row filters hide: only what the caller was told.
    if (!call.principal.row_filters.empty())
      std::erase_if(body.items, [&](const wire::InsightEvent& insight) {
        return insight.user_id != call.principal.user_id;
      });
    if (!page->next_cursor.empty()) body.next_cursor = std::move(page->next_cursor);
    co_return edge::reply(body);
  });
}

void add_traces(const Ports& ports) {
  edge::RouteSpec spec;
  spec.pattern = "/api/v1/traces/{trace_id}";
  spec.action = "trace.read";
  spec.summary = "Every span, decision and thought behind one answer.";
  spec.resource_type = "trace";
  spec.resource_param = "trace_id";
  spec.response_schema = wire::inline_schema<TraceBody>();
  ports.routes.add(spec, [store = ports.traces](Call& call) -> Task<Result<Reply>> {
    TraceBody body;
    body.trace_id = call.param("trace_id");
    auto items = co_await store->by_trace(call.principal.tenant_id, body.trace_id);
    if (!items) co_return items.error();
    const bool sees_all = security::may(call.principal, security::Right::operate);
    for (auto& item : *items) {
      if (!sees_all && item.user_id != call.principal.user_id) continue;
      TraceItemBody made;
      made.kind = std::move(item.kind);
      made.key = std::move(item.key);
      made.at = item.at;
      made.event.text = std::move(item.json);
      body.items.push_back(std::move(made));
    }
    if (body.items.empty()) co_return fail(Errc::not_found, "There is no such trace.");
    co_return edge::reply(body);
  });
}

}  // namespace

void add_record_routes(const Ports& ports) {
  if (ports.insights != nullptr) add_insights(ports);
  if (ports.traces != nullptr) add_traces(ports);
}

}  // namespace loquat::api
