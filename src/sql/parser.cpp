#include "loquat/sql/parser.hpp"

#include <mutex>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "handle.hpp"
#include "loquat/base/utf8.hpp"
#include "read_tree.hpp"
#include "text.hpp"
#include "writing.hpp"

namespace loquat::sql {
namespace {

/// Aggregates of Trino that DuckDB does not know.
constexpr std::string_view kTrinoAggregates[] = {
    "approx_distinct", "approx_percentile", "arbitrary", "bool_and",  "checksum", "count_if",
    "every",           "geometric_mean",    "map_agg",   "map_union", "max_by",   "min_by",
    "multimap_agg",    "numeric_histogram", "set_agg"};

std::string where(const nlohmann::json& answer) {
  const auto position = answer.find("position");
  if (position == answer.end() || !position->is_string()) return {};
  return " (at character " + position->get<std::string>() + ")";
}

}  // namespace

struct Parser::State {
  mutable std::mutex mutex;
  mutable Handle handle;
  std::unordered_set<std::string> functions;
  std::unordered_set<std::string> aggregates;
  IsAggregate is_aggregate;
};

Parser::Parser() : state_(std::make_unique<State>()) {
  State& state = *state_;
  for (std::string& name :
       state.handle.column("SELECT DISTINCT lower(function_name) FROM duckdb_functions() "
                           "WHERE function_type IN ('scalar', 'aggregate', 'macro')"))
    state.functions.insert(std::move(name));
  for (std::string& name :
       state.handle.column("SELECT DISTINCT lower(function_name) FROM duckdb_functions() "
                           "WHERE function_type = 'aggregate'"))
    state.aggregates.insert(std::move(name));
  for (const std::string_view name : kTrinoAggregates) state.aggregates.emplace(name);
  state.is_aggregate = [&state](std::string_view name) {
    return state.aggregates.contains(std::string(name));
  };
}

Parser::~Parser() = default;

bool Parser::knows_function(std::string_view name) const noexcept {
  return state_->functions.contains(std::string(name));
}

Result<Statement> Parser::parse(std::string_view sql, Dialect dialect) const {
  if (sql.size() > kStatementBytesMax)
    return fail(Errc::unsupported_sql, "The statement is longer than 64 KiB.");
  if (!is_utf8(sql) || sql.find('\0') != sql.npos)
    return fail(Errc::unsupported_sql, "The statement is not text in UTF-8.");
  const std::scoped_lock lock(state_->mutex);
  const auto text = state_->handle.serialize(sql);
  if (!text) return text.error();
  const auto answer = nlohmann::json::parse(*text, nullptr, false);
  if (answer.is_discarded() || !answer.is_object())
    return fail(Errc::unsupported_sql, "The statement cannot be read.");
  if (answer.value("error", true)) {
    // What parses but cannot be serialized is a statement of another kind.
    if (answer.value("error_type", "") == "not implemented")
      return fail(Errc::unsupported_sql, "Only one statement that reads is allowed: a SELECT.");
    const std::string why = answer.value("error_message", std::string("no reason is given"));
    const std::string_view as = dialect == Dialect::trino ? " here as Trino" : "";
    return fail(Errc::unsupported_sql,
                "The SQL cannot be read" + std::string(as) + ": " + why + where(answer));
  }
  const auto statements = answer.find("statements");
  if (statements == answer.end() || statements->size() != 1)
    return fail(Errc::unsupported_sql, "Exactly one statement is allowed.");
  const auto& node = (*statements)[0]["node"];
  auto query = read_query(node, state_->is_aggregate);
  if (!query) return query.error();
  auto fingerprint = state_->handle.sha256(shape_of(node));
  if (!fingerprint) return fingerprint.error();
  Statement out;
  out.query = std::move(*query);
  out.fingerprint = std::move(*fingerprint);
  return out;
}

Result<Statement> Parser::parse_writing(std::string_view sql, Dialect dialect) const {
  auto parts = split_writing(sql);
  if (!parts) return parse(sql, dialect);
  auto out = parse(parts->select, dialect);
  if (!out) return out;
  out->target = std::move(parts->target);
  out->target_columns = std::move(parts->columns);
  return out;
}

}  // namespace loquat::sql
