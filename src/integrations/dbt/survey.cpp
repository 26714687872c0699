#include "survey.hpp"

#include <algorithm>
#include <set>

namespace loquat::dbt {
namespace {

using contracts::Task;

constexpr auto kQueryBudget = std::chrono::seconds(20);
constexpr std::size_t kPeriodsMax = 500;

/// The service itself asks, for no tenant's user.
contracts::Principal service_principal() {
  return {"_service", "_service", {"operator"}, "service", "", {}};
}

contracts::QueryRequest request_of(std::string sql, std::int64_t row_limit, Sources sources) {
  contracts::QueryRequest request;
  request.query_id = make_id("qry", sources);
  request.sql = std::move(sql);
  request.row_limit = row_limit;
  request.deadline = Clock::now() + kQueryBudget;
  request.principal = service_principal();
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

Task<void> read_period(contracts::QueryEngine& engine, Sources sources, std::string sql,
                       Survey& out) {
  auto rows = co_await engine.execute(request_of(std::move(sql), 1, sources));
  if (!rows) {
    out.is_complete = !is_away(rows.error());
    co_return;
  }
  if (rows->rows.empty() || rows->rows[0].size() < 2) co_return;
  const auto first = date_in(rows->rows[0][0]);
  const auto last = date_in(rows->rows[0][1]);
  if (first && (!out.data_start || *first < *out.data_start)) out.data_start = first;
  if (last && (!out.data_end || *last > *out.data_end)) out.data_end = last;
}

Task<void> read_values(contracts::QueryEngine& engine, Sources sources, const DbtConfig& config,
                       semantic::DimensionInfo dimension, Survey& out) {
  const auto most = static_cast<std::int64_t>(config.values_per_dimension_max);
  const auto dialect =
      engine.dialect() == "trino" ? semantic::Dialect::trino : semantic::Dialect::duckdb;
  std::string sql = semantic::dimension_values_sql(dimension, "", most + 1, dialect);
  auto rows = co_await engine.execute(request_of(std::move(sql), most + 1, sources));
  if (!rows) {
    out.is_complete = !is_away(rows.error());
    co_return;
  }
  auto& values = out.values.values[dimension.name];
  for (const auto& row : rows->rows) {
    const auto* text = row.empty() ? nullptr : std::get_if<std::string>(&row[0]);
    if (text == nullptr || static_cast<std::int64_t>(values.size()) >= most) continue;
    values.push_back(*text);
    ++out.value_count;
  }
  if (static_cast<std::int64_t>(rows->rows.size()) > most)
    out.values.truncated[dimension.name] = true;
}

/// What is to be asked; collecting it from a large model takes its time.
struct Questions {
  std::vector<std::string> periods;
  std::vector<semantic::DimensionInfo> dimensions;
};

Questions questions_for(const semantic::ModelIndex& index) {
  Questions out;
  out.periods = period_statements(index.project());
  const std::vector<std::string> all_metrics;
  if (auto dimensions = index.dimensions_for(all_metrics)) out.dimensions = std::move(*dimensions);
  return out;
}

}  // namespace

Task<Survey> survey(const DbtConfig& config, contracts::QueryEngine& engine,
                    const contracts::ColumnTags& tags, Sources sources,
                    runtime::WorkerPool& workers,
                    std::shared_ptr<const semantic::ModelIndex> index) {
  Survey out;
  auto collect = [index] { return questions_for(*index); };
  auto questions = co_await workers.run(std::move(collect));
  if (!questions) {
    out.is_complete = false;
    co_return out;
  }
  for (auto& statement : questions->periods) {
    co_await read_period(engine, sources, std::move(statement), out);
    if (!out.is_complete) co_return out;
  }
  const contracts::Principal nobody;
  std::set<std::string> done;
  for (auto& dimension : questions->dimensions) {
    if (done.size() >= config.dimensions_with_values_max || config.values_per_dimension_max == 0)
      break;
    if (dimension.is_time || dimension.is_entity || dimension.personal_data) continue;
    if (tags.must_mask(dimension.relation, dimension.expr, std::nullopt, true, nobody)) continue;
    if (!done.insert(dimension.name).second) continue;
    co_await read_values(engine, sources, config, std::move(dimension), out);
    if (!out.is_complete) co_return out;
  }
  co_return out;
}

}  // namespace loquat::dbt
