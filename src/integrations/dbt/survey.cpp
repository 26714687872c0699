#include "survey.hpp"

#include <algorithm>
#include <set>
#include <span>

namespace loquat::dbt {
namespace {

using contracts::Task;

constexpr auto kQueryBudget = std::chrono::seconds(20);
constexpr std::size_t kPeriodsMax = 500;

/// The service itself asks, for no tenant's user.
contracts::Principal service_principal() {
  return {"_service", "_service", {"operator"}, "service", "", {}};
}

contracts::QueryRequest request_of(std::string sql, std::int64_t row_limit, Sources sources,
                                   Time until) {
  contracts::QueryRequest request;
  request.query_id = make_id("qry", sources);
  request.sql = std::move(sql);
  request.row_limit = row_limit;
  request.deadline = std::min(Clock::now() + kQueryBudget, until);
  request.principal = service_principal();
  request.is_cacheable = false;
  request.context.request_id = make_id("req", sources);
  request.context.trace_id = make_hex(16, sources.random);
  return request;
}

std::optional<Date> date_in(const contracts::Cell& cell) {
  const auto* text = std::get_if<std::string>(&cell);
  return text != nullptr && text->size() >= 10 ? parse_date(text->substr(0, 10)) : std::nullopt;
}

/// One statement per time dimension that a measure is aggregated by.
std::vector<std::string> period_statements(const contracts::ProjectModel& project) {
  std::vector<std::string> statements;
  for (const auto& model : project.semantic_models) {
    if (statements.size() >= kPeriodsMax) break;
    std::set<std::string> times;
    for (const auto& measure : model.measures) times.insert(measure.agg_time_dimension);
    for (const auto& dimension : model.dimensions)
      if (times.contains(dimension.name))
        statements.push_back("SELECT CAST(MIN(" + dimension.expr +
                             ") AS DATE) AS first_day, CAST(MAX(" + dimension.expr +
                             ") AS DATE) AS last_day FROM " + model.relation.rendered);
  }
  return statements;
}

/// A statement that fails will fail again; an engine that is away comes back.
bool is_away(const Error& error) {
  return error.code == Errc::query_engine_unavailable || error.code == Errc::unavailable ||
         error.code == Errc::overloaded;
}

Task<void> read_period(contracts::QueryEngine& engine, Sources sources, std::string sql, Time until,
                       Survey& out) {
  auto rows = co_await engine.execute(request_of(std::move(sql), 1, sources, until));
  if (!rows) {
    out.is_complete = !is_away(rows.error()) && Clock::now() < until;
    co_return;
  }
  if (rows->rows.empty() || rows->rows[0].size() < 2) co_return;
  const auto first = date_in(rows->rows[0][0]);
  const auto last = date_in(rows->rows[0][1]);
  if (first && (!out.data_start || *first < *out.data_start)) out.data_start = first;
  if (last && (!out.data_end || *last > *out.data_end)) out.data_end = last;
}

/// Reads one dimension's values; the first column of each statement is the value.
Task<void> read_values(contracts::QueryEngine& engine, Sources sources, std::size_t most,
                       std::string name, std::vector<std::string> statements, Time until,
                       Survey& out) {
  if (statements.empty()) co_return;
  std::set<std::string> seen;
  auto& values = out.values.values[name];
  for (std::string& sql : statements) {
    const auto limit = static_cast<std::int64_t>(most) + 1;
    auto rows = co_await engine.execute(request_of(std::move(sql), limit, sources, until));
    if (!rows && (is_away(rows.error()) || Clock::now() >= until)) out.is_complete = false;
    if (!rows) co_return;
    for (const auto& row : rows->rows) {
      const auto* text = row.empty() ? nullptr : std::get_if<std::string>(&row[0]);
      if (text == nullptr || values.size() >= most || !seen.insert(*text).second) continue;
      values.push_back(*text);
      ++out.value_count;
    }
    if (rows->rows.size() > most) out.values.truncated[name] = true;
  }
}

/// What is to be asked; collecting it from a large model takes its time.
struct Asked {
  semantic::DimensionInfo dimension;
  std::vector<std::string> statements;
};

/// Statements that read the dimension beside rows of metrics, which the filters hold for.
std::vector<std::string> through_metrics(const semantic::ModelIndex& index,
                                         const semantic::DimensionInfo& dimension,
                                         std::int64_t limit,
                                         const semantic::CompileOptions& options) {
  constexpr std::size_t kTriesMax = 20, kStatementsMax = 3;
  std::vector<std::string> out;
  std::set<std::vector<std::string>> read;
  std::size_t tries = 0;
  for (const std::string& name : index.metrics_for(std::span(&dimension.name, 1))) {
    const auto* metric = index.metric(name);
    if (metric == nullptr || metric->type != contracts::MetricType::simple) continue;
    if (++tries > kTriesMax || out.size() >= kStatementsMax) break;
    contracts::MetricQuery query;
    query.metrics = {name};
    query.group_by = {dimension.name};
    query.limit = limit;
    auto compiled = index.compile(query, options);
    if (compiled && read.insert(compiled->semantic_models).second)
      out.push_back(std::move(compiled->sql));
  }
  return out;
}

std::vector<std::string> statements_for(const semantic::ModelIndex& index,
                                        const semantic::DimensionInfo& dimension,
                                        std::int64_t limit,
                                        const semantic::CompileOptions& options) {
  if (options.row_filters.empty())
    return {semantic::dimension_values_sql(dimension, "", limit, options.dialect)};
  if (auto own = index.values_of(dimension, "", limit, options)) return {std::move(*own)};
  return through_metrics(index, dimension, limit, options);
}

std::vector<Asked> questions_for(const semantic::ModelIndex& index, const DbtConfig& config,
                                 const semantic::CompileOptions& options) {
  std::vector<Asked> out;
  const std::vector<std::string> all_metrics;
  auto dimensions = index.dimensions_for(all_metrics);
  if (!dimensions || config.values_per_dimension_max == 0) return out;
  const auto limit = static_cast<std::int64_t>(config.values_per_dimension_max) + 1;
  std::set<std::string> done;
  for (auto& dimension : *dimensions) {
    if (done.size() >= config.dimensions_with_values_max) break;
    if (dimension.is_time || dimension.is_entity || dimension.personal_data) continue;
    if (!done.insert(dimension.name).second) continue;
    auto statements = statements_for(index, dimension, limit, options);
    out.push_back({std::move(dimension), std::move(statements)});
  }
  return out;
}

Task<void> read_dimensions(const DbtConfig& config, contracts::QueryEngine& engine,
                           const contracts::ColumnTags& tags, Sources sources,
                           std::vector<Asked> asked, Time until, Survey& out) {
  const contracts::Principal nobody;
  for (Asked& one : asked) {
    const auto& dimension = one.dimension;
    if (tags.must_mask(dimension.relation, dimension.expr, std::nullopt, true, nobody)) continue;
    co_await read_values(engine, sources, config.values_per_dimension_max, dimension.name,
                         std::move(one.statements), until, out);
    if (Clock::now() >= until) out.is_complete = false;
    if (!out.is_complete) co_return;
  }
}

semantic::CompileOptions options_for(const contracts::QueryEngine& engine) {
  semantic::CompileOptions options;
  options.dialect =
      engine.dialect() == "trino" ? semantic::Dialect::trino : semantic::Dialect::duckdb;
  return options;
}

}  // namespace

Task<Survey> survey(const DbtConfig& config, contracts::QueryEngine& engine,
                    const contracts::ColumnTags& tags, Sources sources,
                    runtime::WorkerPool& workers, std::shared_ptr<const semantic::ModelIndex> index,
                    Time until) {
  Survey out;
  auto collect = [index] { return period_statements(index->project()); };
  auto periods = co_await workers.run(std::move(collect));
  if (!periods) {
    out.is_complete = false;
    co_return out;
  }
  for (auto& statement : *periods) {
    co_await read_period(engine, sources, std::move(statement), until, out);
    if (Clock::now() >= until) out.is_complete = false;
    if (!out.is_complete) co_return out;
  }
  std::vector<contracts::RowFilter> none;
  auto values =
      co_await survey_values(config, engine, tags, sources, workers, index, std::move(none), until);
  values.data_start = out.data_start;
  values.data_end = out.data_end;
  co_return values;
}

Task<Survey> survey_values(const DbtConfig& config, contracts::QueryEngine& engine,
                           const contracts::ColumnTags& tags, Sources sources,
                           runtime::WorkerPool& workers,
                           std::shared_ptr<const semantic::ModelIndex> index,
                           std::vector<contracts::RowFilter> row_filters, Time until) {
  Survey out;
  auto options = options_for(engine);
  options.row_filters = std::move(row_filters);
  auto collect = [index, &config, options] { return questions_for(*index, config, options); };
  auto asked = co_await workers.run(std::move(collect));
  if (!asked) {
    out.is_complete = false;
    co_return out;
  }
  co_await read_dimensions(config, engine, tags, sources, std::move(*asked), until, out);
  co_return out;
}

}  // namespace loquat::dbt
