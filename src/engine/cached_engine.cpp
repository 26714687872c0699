#include <list>
#include <unordered_map>

#include "loquat/engine/engine.hpp"

namespace loquat::engine {
namespace {

using contracts::ResultSet;

std::size_t size_of(const ResultSet& result) {
  std::size_t bytes = sizeof(ResultSet);
  for (const contracts::Row& row : result.rows)
    for (const contracts::Cell& cell : row) {
      bytes += sizeof(contracts::Cell);
      if (const auto* text = std::get_if<std::string>(&cell)) bytes += text->size();
    }
  return bytes;
}

}  // namespace

struct CachedEngine::Cache {
  struct Entry {
    std::string key;
    ResultSet result;
    std::size_t bytes;
    Time at;
  };
  std::size_t entries_max, bytes_max;
  std::list<Entry> entries{};  // last used first
  std::unordered_map<std::string, std::list<Entry>::iterator> by_key{};
  std::size_t bytes = 0;

  void drop(std::list<Entry>::iterator entry) {
    bytes -= entry->bytes;
    by_key.erase(entry->key);
    entries.erase(entry);
  }
  void put(const std::string& key, const ResultSet& result) {
    if (const auto known = by_key.find(key); known != by_key.end()) drop(known->second);
    const std::size_t size = size_of(result) + 2 * key.size();
    if (entries_max == 0 || size > bytes_max / 4) return;
    entries.push_front({key, result, size, Clock::now()});
    by_key[key] = entries.begin();
    bytes += size;
    while (entries.size() > entries_max || bytes > bytes_max) drop(std::prev(entries.end()));
  }
  const Entry* find(const std::string& key) {
    const auto known = by_key.find(key);
    if (known == by_key.end()) return nullptr;
    entries.splice(entries.begin(), entries, known->second);
    return &entries.front();
  }
};

CachedEngine::CachedEngine(contracts::QueryEngine& inner, const EngineConfig& config,
                           std::function<std::string()> model_version)
    : inner_(inner),
      model_version_(std::move(model_version)),
      cache_(std::make_unique<Cache>(
          Cache{config.cache_entries_max, static_cast<std::size_t>(config.cache_bytes_max)})) {}

CachedEngine::~CachedEngine() = default;

contracts::Task<Result<ResultSet>> CachedEngine::execute(contracts::QueryRequest request) {
  std::string key;
  for (const std::string& part : {request.principal.tenant_id, request.principal.user_id,
                                  model_version_(), std::to_string(request.row_limit), request.sql})
    key += std::to_string(part.size()) + ':' + part;
  auto result = co_await inner_.execute(std::move(request));
  if (result) {
    cache_->put(key, *result);
    co_return result;
  }
  if (result.error().code != Errc::query_engine_unavailable) co_return result;
  const Cache::Entry* known = cache_->find(key);
  if (known == nullptr) co_return result;
  ResultSet old = known->result;
  old.age_ms = std::chrono::duration<double, std::milli>(Clock::now() - known->at).count();
  co_return old;
}

}  // namespace loquat::engine
