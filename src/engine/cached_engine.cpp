#include <list>
#include <unordered_map>

#include "loquat/engine/engine.hpp"
#include "loquat/observability/telemetry.hpp"

namespace loquat::engine {
namespace {

using contracts::ResultSet;
using contracts::Task;

/// No entry takes more of the cache than this: copying it out must not hold the loop, nor one
/// large answer push out all the others.
constexpr std::size_t kEntryShare = 32;

std::size_t size_of(const ResultSet& result) {
  std::size_t bytes = sizeof(ResultSet);
  for (const contracts::Row& row : result.rows) {
    bytes += sizeof(contracts::Row);
    for (const contracts::Cell& cell : row) {
      bytes += sizeof(contracts::Cell);
      if (const auto* text = std::get_if<std::string>(&cell)) bytes += text->size();
    }
  }
  return bytes;
}

void add_part(std::string& key, std::string_view part) {
  key += std::to_string(part.size()) + ':';
  key += part;
}

}  // namespace

std::string policy_key(const std::vector<contracts::RowFilter>& filters) {
  std::string out;
  for (const contracts::RowFilter& filter : filters) {
    add_part(out, filter.dimension);
    add_part(out, filter.missing);
    out += filter.skips_unreachable ? '1' : '0';
    out += std::to_string(filter.values.size()) + ';';
    for (const std::string& value : filter.values) add_part(out, value);
  }
  return out;
}

struct CachedEngine::Cache {
  struct Entry {
    std::string key;
    std::string data_version;
    std::shared_ptr<const ResultSet> result;
    std::size_t bytes;
    Time at;
  };
  std::size_t entries_max, bytes_max;
  Clock::duration fresh_for;
  bool is_per_user;            ///< the peer has rules of its own on who may read what
  std::list<Entry> entries{};  // last used first
  std::unordered_map<std::string, std::list<Entry>::iterator> by_key{};
  std::size_t bytes = 0;
  observability::Counter hits{}, misses{}, bypasses{};
  observability::Gauge held{};

  void drop(std::list<Entry>::iterator entry) {
    bytes -= entry->bytes;
    by_key.erase(entry->key);
    entries.erase(entry);
  }
  void put(const std::string& key, std::string data_version, const ResultSet& result) {
    if (const auto known = by_key.find(key); known != by_key.end()) drop(known->second);
    const std::size_t size = size_of(result) + 2 * key.size() + data_version.size();
    if (entries_max > 0 && size <= bytes_max / kEntryShare) {
      entries.push_front({key, std::move(data_version), std::make_shared<const ResultSet>(result),
                          size, Clock::now()});
      by_key[key] = entries.begin();
      bytes += size;
    }
    while (entries.size() > entries_max || bytes > bytes_max) drop(std::prev(entries.end()));
    held.set(static_cast<double>(bytes));
  }
  const Entry* find(const std::string& key) {
    const auto known = by_key.find(key);
    if (known == by_key.end()) return nullptr;
    entries.splice(entries.begin(), entries, known->second);
    return &entries.front();
  }
};

CachedEngine::CachedEngine(contracts::QueryEngine& inner, const EngineConfig& config,
                           std::function<std::string()> model_version,
                           observability::Telemetry* telemetry)
    : inner_(inner),
      model_version_(std::move(model_version)),
      cache_(std::make_unique<Cache>(
          Cache{config.cache_entries_max, static_cast<std::size_t>(config.cache_bytes_max),
                config.cache_fresh_for, config.kind != EngineKind::duckdb})) {
  if (telemetry == nullptr) return;
  auto& metrics = telemetry->metrics();
  cache_->hits =
      metrics.counter("loquat_engine_cache_hits_total", "Statements answered from a kept result.");
  cache_->misses = metrics.counter("loquat_engine_cache_misses_total",
                                   "Statements that might have been kept and were not.");
  cache_->bypasses = metrics.counter("loquat_engine_cache_bypasses_total",
                                     "Statements run anew because the caller asked for it.");
  cache_->held = metrics.gauge("loquat_engine_cache_held_bytes", "Kept results, about.");
}

CachedEngine::~CachedEngine() = default;

std::string CachedEngine::key_of(const contracts::QueryRequest& request) const {
  const auto& who = request.principal;
  std::string key;
  add_part(key, who.tenant_id);
  add_part(key, cache_->is_per_user ? std::string_view(who.user_id) : std::string_view());
  add_part(key, policy_key(who.row_filters));
  add_part(key, model_version_());
  add_part(key, std::to_string(request.row_limit));
  add_part(key, request.sql);
  return key;
}

std::optional<ResultSet> CachedEngine::fresh(const std::string& key, std::string_view version) {
  const Cache::Entry* known = cache_->find(key);
  if (known == nullptr || known->data_version != version) return std::nullopt;
  const auto age = Clock::now() - known->at;
  if (age >= cache_->fresh_for) return std::nullopt;
  ResultSet out = *known->result;
  out.cached_ms = std::chrono::duration<double, std::milli>(age).count();
  return out;
}

Task<Result<ResultSet>> CachedEngine::execute(contracts::QueryRequest request) {
  if (!request.is_cacheable) co_return co_await inner_.execute(std::move(request));
  const std::string key = key_of(request);
  // Asked before the query runs: what changes meanwhile must not pass for what was read.
  std::string version = inner_.data_version();
  if (request.context.wants_fresh) {
    cache_->bypasses.add();
  } else if (auto known = fresh(key, version)) {
    cache_->hits.add();
    co_return std::move(*known);
  } else {
    cache_->misses.add();
  }
  auto result = co_await inner_.execute(std::move(request));
  if (result) {
    cache_->put(key, std::move(version), *result);
    co_return result;
  }
  if (result.error().code != Errc::query_engine_unavailable) co_return result;
  const Cache::Entry* known = cache_->find(key);
  if (known == nullptr) co_return result;
  ResultSet old = *known->result;
  old.age_ms = std::chrono::duration<double, std::milli>(Clock::now() - known->at).count();
  co_return old;
}

}  // namespace loquat::engine
