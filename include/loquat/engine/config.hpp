#pragma once
#include <chrono>
#include <cstdint>
#include <string>

#include "loquat/base/enum_names.hpp"
#include "loquat/base/fields.hpp"
#include "loquat/base/secret.hpp"
#include "loquat/degradation/config.hpp"

namespace loquat::engine {

enum class EngineKind { duckdb, trino, rest };

struct DuckDbConfig {
  std::string path;
  int threads = 2;
  std::int64_t memory_mib = 512;
  template <class V>
  void fields(V& v) {
    v("path", path, "A database file, opened read-only; its stem is the catalog's name.");
    v("threads", threads, "Threads that one query may use.", in(1, 64));
    v("memory_mib", memory_mib, "Memory of all queries together; a query over it fails.",
      in(64, 1 << 20), unit("MiB"));
  }
};

/// Section `engine`.
struct EngineConfig {
  EngineKind kind = EngineKind::duckdb;
  std::string url;
  Secret token;
  std::string catalog;
  std::string schema;
  std::string user = "loquat";
  bool asynchronous = false;
  std::chrono::milliseconds poll_interval{200};
  std::uint32_t cache_entries_max = 1'024;
  std::int64_t cache_bytes_max = 64 << 20;
  std::chrono::milliseconds cache_fresh_for{60'000};
  std::uint32_t tenant_queries_max = 0;
  std::uint32_t user_queries_max = 0;
  std::uint32_t line_max = 1'024;
  std::uint32_t tenant_line_max = 512;
  std::uint32_t user_line_max = 256;
  DuckDbConfig duckdb;
  degradation::GuardConfig guard = default_guard();
  template <class V>
  void fields(V& v) {
    using namespace std::chrono_literals;
    v("kind", kind, "Where queries run.");
    v("url", url, "Of Trino or of the platform's query engine.", env("QUERY_ENGINE_URL"));
    v("token", token, "Bearer token for it; prefer the environment.");
    v("catalog", catalog, "Catalog of names without one (trino, rest).");
    v("schema", schema, "Schema of names without one (trino, rest).");
    v("user", user, "X-Trino-User when a request has no user.", len(1, 128));
    v("asynchronous", asynchronous, "rest: start, poll and fetch instead of one long request.");
    v("poll_interval", poll_interval, "rest, asynchronous: between looks at the status.",
      in(1ms, 1min));
    v("cache_entries_max", cache_entries_max,
      "Results kept, to answer the same query again and for when the engine is away; 0: none.",
      in(0, 100'000));
    v("cache_bytes_max", cache_bytes_max, "Memory of these results, about.", in(0, 1 << 30),
      unit("bytes"));
    v("cache_fresh_for", cache_fresh_for,
      "A kept result answers the same query over the same model and data this long; 0: only while "
      "the engine is away. A request with Cache-Control: no-cache is never answered from it.",
      in(0ms, 24h));
    v("tenant_queries_max", tenant_queries_max,
      "Of guard.concurrency_max, what one tenant may have; 0: all but an eighth (at least one), so "
      "that others find a free one.",
      in(0, 10'000));
    v("user_queries_max", user_queries_max, "Of these, what one user may have; 0: as the tenant.",
      in(0, 10'000));
    v("line_max", line_max,
      "Queries that may wait for one of them; tenants take turns, and so do the users of a tenant.",
      in(0, 100'000));
    v("tenant_line_max", tenant_line_max, "Of these, queries of one tenant.", in(0, 100'000));
    v("user_line_max", user_line_max, "Of these, queries of one user.", in(0, 100'000));
    v("duckdb", duckdb, "The embedded engine.");
    v("guard", guard, "Deadline, retries, breaker and concurrency.");
  }

 private:
  static degradation::GuardConfig default_guard() {
    degradation::GuardConfig guard;
    guard.timeout = std::chrono::minutes(1);
    guard.concurrency_max = 8;
    return guard;
  }
};

}  // namespace loquat::engine

namespace loquat {
LOQUAT_ENUM(engine::EngineKind, 3,
            {{{engine::EngineKind::duckdb, "duckdb"},
              {engine::EngineKind::trino, "trino"},
              {engine::EngineKind::rest, "rest"}}});
}  // namespace loquat
