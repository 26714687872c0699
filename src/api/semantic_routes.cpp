#include "bodies.hpp"
#include "groups.hpp"
#include "plan_body.hpp"
#include "row_lines.hpp"

/// Metrics without a conversation, through a port: this room knows no model.
namespace loquat::api {
namespace {

struct NameBody {
  std::string name, label, description, type;
  std::vector<std::string> grains;
  std::optional<std::string> model;
  template <class V>
  void fields(V& v) {
    v("name", name, "As queries name it.");
    v("label", label, "For people.");
    v("description", description, "From the dbt project.");
    v("type", type, "Kind of metric, dimension or entity.");
    v("grains", grains, "Of a time dimension.");
    v("model", model, "Where it is defined.");
  }
};
struct SavedQueryBody {
  std::string name, label, description;
  wire::QueryShape query;
  template <class V>
  void fields(V& v) {
    v("name", name, "As queries name it.");
    v("label", label, "For people.");
    v("description", description, "From the dbt project.");
    v("query", query, "The metric query.");
  }
};
struct ValuesBody {
  std::string dimension;
  std::vector<std::string> values;
  template <class V>
  void fields(V& v) {
    v("dimension", dimension, "The dimension.");
    v("values", values, "Values that match.");
  }
};
struct QueryBody : wire::QueryShape {
  std::optional<std::string> dialect;
  template <class V>
  void fields(V& v) {
    wire::QueryShape::fields(v);
    v("dialect", dialect, "duckdb or trino; absent: the engine's own.",
      one_of({"duckdb", "trino"}));
  }
};
struct ResultBody {
  std::vector<wire::AnswerColumn> columns;
  std::optional<wire::RawJson> rows;
  std::int64_t row_count = 0;
  bool truncated = false;
  std::string sql, dialect, query_id, model_version;
  wire::QueryShape query;
  std::optional<double> cached_ms;
  template <class V>
  void fields(V& v) {
    v("columns", columns, "In the order of the row's values.");
    v("rows", rows, "An array of rows, each an array of values.");
    v("row_count", row_count, "Rows of this answer.");
    v("truncated", truncated, "True if the engine had more rows than the limit.");
    v("sql", sql, "The statement that ran.");
    v("dialect", dialect, "duckdb or trino.");
    v("query_id", query_id, "For lineage and traces.");
    v("model_version", model_version, "Version of the imported dbt model.");
    v("query", query, "As it was understood.");
    v("cached_ms", cached_ms,
      "Age of the rows, where a kept result of the same query over the same model and data "
      "answered; Cache-Control: no-cache asks for fresh ones.");
  }
};
struct CompiledBody {
  std::string sql, dialect, model_version;
  wire::QueryShape query;
  std::optional<PlanBody> plan;
  template <class V>
  void fields(V& v) {
    v("sql", sql, "The statement.");
    v("dialect", dialect, "duckdb or trino.");
    v("model_version", model_version, "Version of the imported dbt model.");
    v("query", query, "As it was understood.");
    v("plan", plan, "How the statement comes about.");
  }
};

NameBody body_of(contracts::SemanticName name) {
  NameBody body;
  body.name = std::move(name.name);
  body.label = std::move(name.label);
  body.description = std::move(name.description);
  body.type = std::move(name.type);
  body.grains = std::move(name.grains);
  if (!name.model.empty()) body.model = std::move(name.model);
  return body;
}

SavedQueryBody body_of(contracts::SavedQueryInfo info) {
  SavedQueryBody body;
  body.name = std::move(info.name);
  body.label = std::move(info.label);
  body.description = std::move(info.description);
  body.query = std::move(info.query);
  return body;
}

template <class B, class T>
Result<Reply> list_reply(Result<std::vector<T>> found) {
  if (!found) return found.error();
  PageBody<B> page;
  for (auto& item : *found) page.items.push_back(body_of(std::move(item)));
  return edge::reply(page);
}

void note_warnings(Call& call, const std::vector<std::string>& warnings) {
  for (const auto& warning : warnings) call.warn("NOTE", warning);
}

edge::RouteSpec semantic_route(net::Method method, std::string_view rest, std::string action,
                               std::string summary) {
  edge::RouteSpec spec;
  spec.method = method;
  spec.pattern = "/api/v1/semantic/" + std::string(rest);
  spec.action = std::move(action);
  spec.summary = std::move(summary);
  spec.resource_type = "model";
  spec.revalidates = method == net::Method::get;
  return spec;
}

void add_list_routes(const Ports& ports) {
  auto* semantic = ports.semantic;
  auto metrics = semantic_route(net::Method::get, "metrics", "semantic.metrics", "Metrics.");
  metrics.response_schema = wire::inline_schema<PageBody<NameBody>>();
  ports.routes.add(metrics, [semantic](Call& call) -> Task<Result<Reply>> {
    co_return list_reply<NameBody>(semantic->metrics(call.principal));
  });

  auto dimensions = semantic_route(net::Method::get, "dimensions", "semantic.dimensions",
                                   "What all of the metrics can be grouped by.");
  dimensions.query = {{"metrics", "Names, comma separated; absent: all dimensions."}};
  dimensions.response_schema = wire::inline_schema<PageBody<NameBody>>();
  ports.routes.add(dimensions, [semantic](Call& call) -> Task<Result<Reply>> {
    co_return list_reply<NameBody>(semantic->dimensions(call.principal, call.list("metrics")));
  });

  auto entities = semantic_route(net::Method::get, "entities", "semantic.entities",
                                 "Entities that the metrics can be joined by.");
  entities.query = {{"metrics", "Names, comma separated; absent: all entities."}};
  entities.response_schema = wire::inline_schema<PageBody<NameBody>>();
  ports.routes.add(entities, [semantic](Call& call) -> Task<Result<Reply>> {
    co_return list_reply<NameBody>(semantic->entities(call.principal, call.list("metrics")));
  });

  auto saved = semantic_route(net::Method::get, "saved_queries", "semantic.saved_queries",
                              "Queries that the project names.");
  saved.response_schema = wire::inline_schema<PageBody<SavedQueryBody>>();
  ports.routes.add(saved, [semantic](Call& call) -> Task<Result<Reply>> {
    co_return list_reply<SavedQueryBody>(semantic->saved_queries(call.principal));
  });

  auto values = semantic_route(net::Method::get, "dimension_values", "semantic.dimension_values",
                               "Values of one dimension.");
  values.query = {{"dimension", "As queries name it.", true,
                   R"({"type":"string","minLength":1,"pattern":"^[^\\u0000]*$"})"},
                  {"search", "Part of the value, in any case."},
                  {"limit", "Most values.", false, std::string(kPageLimit)}};
  values.response_schema = wire::inline_schema<ValuesBody>();
  values.work = degradation::Work::fresh;  // it asks the engine
  ports.routes.add(values, [semantic](Call& call) -> Task<Result<Reply>> {
    ValuesBody body;
    body.dimension = call.text("dimension");
    if (body.dimension.empty()) {
      Error error = fail(Errc::invalid_request, "A query parameter is missing.");
      error.fields.push_back({"/query/dimension", "is required"});
      co_return error;
    }
    const auto limit = call.number("limit", 50, 1, 500);
    if (!limit) co_return limit.error();
    auto found = co_await semantic->dimension_values(
        call.principal, call.context, body.dimension, call.text("search"),
        static_cast<std::size_t>(*limit), call.deadline);
    if (!found) co_return found.error();
    body.values = std::move(*found);
    co_return edge::reply(body);
  });
}

void add_query_routes(const Ports& ports) {
  auto* semantic = ports.semantic;
  auto query = semantic_route(net::Method::post, "query", "semantic.query", "Runs a metric query.");
  query.right = security::Right::ask;
  query.request_schema = wire::inline_schema<QueryBody>();
  query.response_schema = wire::inline_schema<ResultBody>();
  query.line_schema = row_line_schema();
  ports.routes.add(query, [semantic](Call& call) -> Task<Result<Reply>> {
    auto body = call.body<QueryBody>();
    if (!body) co_return body.error();
    wire::QueryShape shape = std::move(*body);
    if (wants_row_lines(call)) co_return co_await stream_rows(semantic, call, std::move(shape));
    auto found =
        co_await semantic->query(call.principal, call.context, std::move(shape), call.deadline);
    if (!found) co_return found.error();
    note_warnings(call, found->warnings);
    ResultBody made;
    made.columns = std::move(found->data.columns);
    made.rows = std::move(found->data.rows);
    made.row_count = found->data.row_count;
    made.truncated = found->data.truncated;
    made.sql = std::move(found->sql);
    made.dialect = std::move(found->dialect);
    made.query_id = std::move(found->query_id);
    made.model_version = std::move(found->model_version);
    made.query = std::move(found->query);
    made.cached_ms = found->cached_ms;
    co_return edge::reply(made);
  });

  auto compile = semantic_route(net::Method::post, "compile", "semantic.compile",
                                "The SQL of a metric query and its plan, without running it.");
  compile.right = security::Right::ask;
  compile.request_schema = wire::inline_schema<QueryBody>();
  compile.response_schema = wire::inline_schema<CompiledBody>();
  ports.routes.add(compile, [semantic](Call& call) -> Task<Result<Reply>> {
    auto body = call.body<QueryBody>();
    if (!body) co_return body.error();
    auto dialect = body->dialect.value_or("");
    wire::QueryShape shape = std::move(*body);
    auto found = co_await semantic->compile(call.principal, call.context, std::move(shape),
                                            std::move(dialect));
    if (!found) co_return found.error();
    note_warnings(call, found->warnings);
    CompiledBody made;
    made.sql = std::move(found->sql);
    made.dialect = std::move(found->dialect);
    made.model_version = std::move(found->model_version);
    made.query = std::move(found->query);
    if (found->plan) made.plan = plan_body_of(*found->plan);
    co_return edge::reply(made);
  });
}

}  // namespace

void add_semantic_routes(const Ports& ports) {
  add_list_routes(ports);
  add_query_routes(ports);
}

}  // namespace loquat::api
