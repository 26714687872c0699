#include "event.hpp"
#include "loquat/security/rights.hpp"
#include "loquat/sql/parser.hpp"
#include "service.hpp"

namespace loquat::lineage {

using contracts::Task;

namespace {

edge::RouteSpec spec_of(net::Method method, std::string pattern, std::string action,
                        std::string summary) {
  edge::RouteSpec spec;
  spec.method = method;
  spec.pattern = std::move(pattern);
  spec.right = security::Right::read;
  spec.action = std::move(action);
  spec.summary = std::move(summary);
  spec.resource_type = "lineage";
  return spec;
}

edge::RouteSpec graph_spec(const std::string& last, std::string summary) {
  auto spec = spec_of(net::Method::get, "/api/v1/lineage/entity/{fqn}/" + last, "lineage." + last,
                      std::move(summary));
  spec.resource_param = "fqn";
  spec.told = {"max_depth", "direction"};
  spec.response_schema = wire::inline_schema<GraphAnswer>();
  spec.query = {{"max_depth", "Steps to follow, 1 to 50.", false,
                 R"({"type":"integer","minimum":1,"maximum":50})"}};
  return spec;
}

ExtractAnswer extract_from(const sql::Statement& statement, const sql::Schema& schema) {
  const sql::Lineage lineage = sql::trace_columns(statement, schema);
  ExtractAnswer out;
  out.tables = lineage.tables;
  for (const sql::LineageOutput& output : lineage.outputs) out.columns.push_back(output.column);
  out.fingerprint = statement.fingerprint;
  out.sources = sources_of(lineage);
  out.outputs = outputs_of(lineage);
  out.transformations = steps_of(lineage);
  out.unresolved = lineage.unresolved;
  return out;
}

bool sees_others(const contracts::Principal& principal) {
  return security::may(principal, security::Right::curate);
}

}  // namespace

void Service::add_routes(edge::Routes& routes) {
  auto extract_route = spec_of(net::Method::post, "/api/v1/lineage/extract", "lineage.extract",
                               "Tables, columns and column lineage of one statement.");
  extract_route.right = security::Right::ask;
  extract_route.request_schema = wire::inline_schema<ExtractBody>();
  extract_route.response_schema = wire::inline_schema<ExtractAnswer>();
  routes.add(std::move(extract_route), [this](edge::Call& call) { return extract(call); });
  routes.add(graph_spec("upstream", "What an entity is made of."),
             [this](edge::Call& call) { return graph(call, {.upstream = true}); });
  routes.add(graph_spec("downstream", "What is made of an entity, answered queries included."),
             [this](edge::Call& call) { return graph(call, {.downstream = true}); });
  auto both = graph_spec("traverse", "The graph around an entity.");
  both.query.push_back({"direction", "upstream, downstream or both (default).", false,
                        R"({"type":"string","enum":["","upstream","downstream","both"]})"});
  routes.add(std::move(both), [this](edge::Call& call) {
    const std::string direction = call.text("direction");
    return graph(call,
                 {.upstream = direction != "downstream", .downstream = direction != "upstream"});
  });
  auto one = spec_of(net::Method::get, "/api/v1/lineage/queries/{query_id}", "lineage.query",
                     "The lineage event of one answer's query.");
  one.resource_param = "query_id";
  one.response_schema = wire::inline_schema<wire::LineageEvent>();
  routes.add(std::move(one), [this](edge::Call& call) { return query(call); });
}

Task<Result<edge::Reply>> Service::extract(edge::Call& call) {
  auto body = call.body<ExtractBody>();
  if (!body) co_return body.error();
  std::shared_ptr<const ModelFacts> facts;
  if (!body->schema) {
    facts = co_await facts_of(ports_.models.current());
    if (!facts) call.warn("NO_MODEL", "No model is imported: columns of * are not known.");
  }
  auto work = [this, asked = std::move(*body), facts]() -> Result<ExtractAnswer> {
    const auto dialect = enum_from<sql::Dialect>(asked.dialect).value_or(sql::Dialect::duckdb);
    const auto statement = ports_.parser.parse_writing(asked.sql, dialect);
    if (!statement) return statement.error();
    if (facts) return extract_from(*statement, facts->schema);
    sql::Schema schema;
    if (asked.schema)
      for (const auto& [table, columns] : *asked.schema) schema.add(table, columns);
    return extract_from(*statement, schema);
  };
  const auto answer = co_await ports_.pool.run(std::move(work));
  if (!answer) co_return answer.error();
  co_return edge::reply(*answer);
}

Task<Result<edge::Reply>> Service::graph(edge::Call& call, Walk how) {
  const auto depth = call.number("max_depth", 10, 1, 50);
  if (!depth) co_return depth.error();
  const std::string direction = call.text("direction");
  if (!direction.empty() && direction != "upstream" && direction != "downstream" &&
      direction != "both")
    co_return Error{Errc::invalid_request,
                    "The query is not valid.",
                    {{"/direction", "is upstream, downstream or both"}}};
  const auto facts = co_await facts_of(ports_.models.current());
  const auto start = facts ? facts->graph.find(call.param("fqn")) : std::nullopt;
  if (!start) co_return fail(Errc::not_found, "No entity of that name.");
  how.depth_max = static_cast<int>(*depth);
  how.nodes_max = config_.graph_nodes_max;
  std::vector<const RecentQuery*> queries;
  for (const RecentQuery& query : recent_)
    if (query.tenant_id == call.principal.tenant_id &&
        (query.user_id == call.principal.user_id || sees_others(call.principal)))
      queries.push_back(&query);
  GraphAnswer answer = walk(facts->graph, *start, how, queries);
  answer.model_version = facts->version;
  co_return edge::reply(answer);
}

Task<Result<edge::Reply>> Service::query(edge::Call& call) {
  std::string kind = "lineage";
  auto item = co_await ports_.store.by_key(call.principal.tenant_id, std::move(kind),
                                           call.param("query_id"));
  if (!item) co_return item.error();
  const bool is_own =
      *item && ((*item)->user_id == call.principal.user_id || sees_others(call.principal));
  if (!is_own) co_return fail(Errc::not_found, "No query of that id.");
  co_return edge::reply_json(std::move((*item)->json));
}

}  // namespace loquat::lineage
