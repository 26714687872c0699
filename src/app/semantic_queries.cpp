#include "semantic_queries.hpp"

#include <algorithm>

#include "loquat/agents/query_shape.hpp"
#include "loquat/agents/rows.hpp"
#include "loquat/conversation/conversation.hpp"
#include "loquat/runtime/runtime.hpp"
#include "loquat/semantic/model_index.hpp"

namespace loquat::app {

using contracts::Principal;
using contracts::RequestContext;
using contracts::SemanticName;
using contracts::SemanticQueryResult;
using contracts::Task;

struct SemanticService::Compiled {
  std::shared_ptr<const contracts::ModelSnapshot> model;
  contracts::MetricQuery query;
  semantic::CompiledQuery compiled;
  std::vector<semantic::DimensionInfo> dimensions;
  std::string dialect;
};

namespace {

/// What the compiler refuses is a question that this model cannot answer: 422, with its pointers.
Error unprocessable(Error error) {
  if (error.code == Errc::invalid_request) error.code = Errc::unprocessable_question;
  return error;
}

std::vector<conversation::SourceColumn> sources_of(
    const semantic::CompiledQuery& compiled,
    const std::vector<semantic::DimensionInfo>& dimensions) {
  std::vector<conversation::SourceColumn> out;
  for (std::size_t i = 0; i < compiled.columns.size(); ++i) {
    const auto found =
        std::ranges::find(dimensions, compiled.columns[i].name, &semantic::DimensionInfo::name);
    if (found == dimensions.end()) continue;
    out.push_back({i, found->relation, found->expr,
                   found->personal_data ? std::optional<bool>(true) : std::nullopt});
  }
  return out;
}

}  // namespace

Result<std::shared_ptr<const contracts::ModelSnapshot>> SemanticService::model() const {
  auto current = ports_.models.current();
  if (!current) return fail(Errc::unavailable, "No dbt model has been imported yet.");
  return current;
}

Result<std::vector<SemanticName>> SemanticService::metrics(const Principal&) {
  auto current = model();
  if (!current) return current.error();
  std::vector<SemanticName> out;
  for (const auto& metric : (*current)->index->project().metrics) {
    if (metric.is_private) continue;
    out.push_back({metric.name,
                   metric.label.empty() ? metric.name : metric.label,
                   metric.description,
                   std::string(name_of(metric.type)),
                   {},
                   {}});
  }
  return out;
}

Result<std::vector<SemanticName>> SemanticService::names(std::vector<std::string> metrics,
                                                         bool entities) const {
  auto current = model();
  if (!current) return current.error();
  auto dimensions = (*current)->index->dimensions_for(metrics);
  if (!dimensions) return unprocessable(dimensions.error());
  std::vector<SemanticName> out;
  for (const auto& d : *dimensions) {
    if (d.is_entity != entities) continue;
    out.push_back({d.name, d.label.empty() ? d.name : d.label, d.description,
                   d.is_entity ? "entity"
                   : d.is_time ? "time"
                               : "categorical",
                   d.grains, d.semantic_model});
  }
  return out;
}

Result<std::vector<SemanticName>> SemanticService::dimensions(const Principal&,
                                                              std::vector<std::string> metrics) {
  return names(std::move(metrics), false);
}
Result<std::vector<SemanticName>> SemanticService::entities(const Principal&,
                                                            std::vector<std::string> metrics) {
  return names(std::move(metrics), true);
}

Task<Result<std::vector<std::string>>> SemanticService::dimension_values(
    Principal principal, RequestContext context, std::string dimension, std::string search,
    std::size_t limit, Time deadline) {
  auto current = model();
  if (!current) co_return current.error();
  const std::vector<std::string> all;
  auto dimensions = (*current)->index->dimensions_for(all);
  if (!dimensions) co_return dimensions.error();
  const auto found = std::ranges::find(*dimensions, dimension, &semantic::DimensionInfo::name);
  if (found == dimensions->end() || found->is_time || found->is_entity)
    co_return fail(Errc::not_found, "There is no categorical dimension " + dimension + ".");
  const auto says = found->personal_data ? std::optional<bool>(true) : std::nullopt;
  if (!conversation::may_see_personal_data(principal) &&
      ports_.tags.must_mask(found->relation, found->expr, says, true, principal))
    co_return fail(Errc::forbidden, "The values of " + dimension + " are personal data.");
  semantic::CompileOptions options;
  options.dialect =
      ports_.engine.dialect() == "trino" ? semantic::Dialect::trino : semantic::Dialect::duckdb;
  options.row_filters = principal.row_filters;
  auto sql =
      (*current)->index->values_of(*found, search, static_cast<std::int64_t>(limit), options);
  if (!sql) co_return sql.error();
  contracts::QueryRequest request;
  request.query_id = make_id("qry", ports_.sources);
  request.sql = std::move(*sql);
  request.row_limit = static_cast<std::int64_t>(limit);
  request.deadline = deadline;
  request.principal = std::move(principal);
  request.context = std::move(context);
  auto rows = co_await ports_.engine.execute(std::move(request));
  if (!rows) co_return rows.error();
  std::vector<std::string> values;
  for (const auto& row : rows->rows)
    if (const auto* text = row.empty() ? nullptr : std::get_if<std::string>(&row[0]))
      values.push_back(*text);
  co_return values;
}

Result<std::vector<contracts::SavedQueryInfo>> SemanticService::saved_queries(const Principal&) {
  auto current = model();
  if (!current) return current.error();
  std::vector<contracts::SavedQueryInfo> out;
  for (const auto& saved : (*current)->index->project().saved_queries) {
    wire::QueryShape shape;
    shape.metrics = saved.metrics;
    shape.group_by = saved.group_by;
    shape.where = saved.where;
    shape.order_by = saved.order_by;
    shape.limit = saved.limit;
    out.push_back({saved.name, saved.label, saved.description, std::move(shape)});
  }
  return out;
}

Task<Result<SemanticService::Compiled>> SemanticService::compile_shape(
    wire::QueryShape shape, std::string dialect, semantic::CompileOptions options) {
  auto current = model();
  if (!current) co_return current.error();
  auto query = agents::from_shape(shape);
  if (!query) co_return query.error();
  if (dialect.empty()) dialect = ports_.engine.dialect();
  options.dialect = dialect == "trino" ? semantic::Dialect::trino : semantic::Dialect::duckdb;
  auto work = [model = *current, query = std::move(*query), options,
               dialect]() -> Result<Compiled> {
    auto compiled = model->index->compile(query, options);
    if (!compiled) return unprocessable(compiled.error());
    auto dimensions = model->index->dimensions_for(query.metrics);
    Compiled out{model, query, std::move(*compiled), {}, dialect};
    if (dimensions) out.dimensions = std::move(*dimensions);
    return out;
  };
  co_return co_await ports_.workers.run(std::move(work));
}

Task<Result<SemanticQueryResult>> SemanticService::compile(Principal principal, RequestContext,
                                                           wire::QueryShape query,
                                                           std::string dialect) {
  semantic::CompileOptions options;
  options.row_filters = std::move(principal.row_filters);
  options.with_plan = true;
  auto compiled = co_await compile_shape(std::move(query), std::move(dialect), std::move(options));
  if (!compiled) co_return compiled.error();
  SemanticQueryResult out;
  out.query = agents::to_shape(compiled->query);
  out.sql = compiled->compiled.sql;
  out.dialect = compiled->dialect;
  out.model_version = compiled->model->version;
  for (const auto& column : compiled->compiled.columns)
    out.data.columns.push_back(agents::to_wire(column));
  out.plan = compiled->compiled.plan;
  co_return out;
}

Task<Result<SemanticQueryResult>> SemanticService::query(Principal principal,
                                                         RequestContext context,
                                                         wire::QueryShape shape, Time deadline) {
  std::string own_dialect;
  semantic::CompileOptions options;
  options.row_filters = principal.row_filters;
  auto compiled =
      co_await compile_shape(std::move(shape), std::move(own_dialect), std::move(options));
  if (!compiled) co_return compiled.error();
  SemanticQueryResult out;
  out.query = agents::to_shape(compiled->query);
  out.sql = compiled->compiled.sql;
  out.dialect = compiled->dialect;
  out.query_id = make_id("qry", ports_.sources);
  out.model_version = compiled->model->version;
  contracts::QueryRequest request;
  request.query_id = out.query_id;
  request.sql = out.sql;
  request.row_limit = ports_.row_limit;
  request.deadline = deadline;
  request.principal = principal;
  request.context = std::move(context);
  auto rows = co_await ports_.engine.execute(std::move(request));
  if (!rows) co_return rows.error();
  const auto masked = conversation::mask_columns(
      *rows, sources_of(compiled->compiled, compiled->dimensions), ports_.tags, principal);
  for (const auto& column : masked)
    out.warnings.push_back("The values of " + column + " are masked.");
  if (compiled->model->stale_since)
    out.warnings.emplace_back("The answer rests on the last good model.");
  if (rows->age_ms)
    out.warnings.emplace_back("The engine is away: these rows are from an earlier run.");
  out.cached_ms = rows->cached_ms;
  agents::label_columns(*rows, compiled->compiled.columns);
  out.data = agents::data_of(*rows);
  co_return out;
}

class SemanticService::Stream final : public contracts::SemanticStream {
 public:
  Stream(Ports& ports, Compiled compiled, Principal principal, SemanticQueryResult head,
         std::unique_ptr<contracts::RowStream> rows)
      : ports_(ports),
        sources_(sources_of(compiled.compiled, compiled.dimensions)),
        principal_(std::move(principal)),
        head_(std::move(head)),
        rows_(std::move(rows)) {
    contracts::ResultSet none;
    none.columns = rows_->columns();
    for (const auto& column : mask(none))
      head_.warnings.push_back("The values of " + column + " are masked.");
    agents::label_columns(none, compiled.compiled.columns);
    for (const auto& column : none.columns) head_.data.columns.push_back(agents::to_wire(column));
  }
  const SemanticQueryResult& head() const override { return head_; }
  bool is_truncated() const override { return rows_->is_truncated(); }
  Task<Result<std::vector<std::string>>> next() override {
    auto read = co_await rows_->next();
    if (!read) co_return read.error();
    contracts::ResultSet page;
    page.columns = rows_->columns();
    page.rows = std::move(*read);
    static_cast<void>(mask(page));
    std::vector<std::string> lines;
    lines.reserve(page.rows.size());
    for (std::size_t i = 0; i < page.rows.size(); ++i) {
      // A page may be large, and the loop is everybody's.
      if (i > 0 && i % kRowsPerSlice == 0) co_await runtime::yield_to_others();
      lines.push_back(agents::row_json(page.rows[i]));
    }
    co_return lines;
  }

 private:
  static constexpr std::size_t kRowsPerSlice = 256;

  std::vector<std::string> mask(contracts::ResultSet& page) const {
    return conversation::mask_columns(page, sources_, ports_.tags, principal_);
  }

  Ports& ports_;
  std::vector<conversation::SourceColumn> sources_;
  Principal principal_;
  SemanticQueryResult head_;
  std::unique_ptr<contracts::RowStream> rows_;
};

Task<Result<std::unique_ptr<contracts::SemanticStream>>> SemanticService::open(
    Principal principal, RequestContext context, wire::QueryShape shape, Time deadline) {
  std::string own_dialect;
  semantic::CompileOptions options;
  options.row_filters = principal.row_filters;
  auto compiled =
      co_await compile_shape(std::move(shape), std::move(own_dialect), std::move(options));
  if (!compiled) co_return compiled.error();
  SemanticQueryResult head;
  head.query = agents::to_shape(compiled->query);
  head.sql = compiled->compiled.sql;
  head.dialect = compiled->dialect;
  head.query_id = make_id("qry", ports_.sources);
  head.model_version = compiled->model->version;
  if (compiled->model->stale_since)
    head.warnings.emplace_back("The answer rests on the last good model.");
  contracts::QueryRequest request;
  request.query_id = head.query_id;
  request.sql = head.sql;
  request.row_limit = ports_.stream_rows_max;
  request.deadline = deadline;
  request.principal = principal;
  request.context = std::move(context);
  auto rows = co_await ports_.engine.open(std::move(request));
  if (!rows) co_return rows.error();
  co_return std::make_unique<Stream>(ports_, std::move(*compiled), std::move(principal),
                                     std::move(head), std::move(*rows));
}

}  // namespace loquat::app
