#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "loquat/base/fields.hpp"

namespace loquat::dbt {

struct DbtConfig {
  std::string manifest_path, semantic_manifest_path, catalog_path, run_results_path, sources_path;
  std::chrono::seconds sync_interval{900};
  std::chrono::milliseconds watch_interval{2'000};
  std::vector<std::string> allowed_hosts;
  std::uint64_t artifact_max_bytes = 512U << 20U;
  std::chrono::milliseconds fetch_timeout{60'000};
  std::uint32_t values_per_dimension_max = 1'000;
  std::uint32_t dimensions_with_values_max = 500;
  std::uint32_t filtered_vocabularies_max = 32;
  template <class V>
  void fields(V& v) {
    using namespace std::chrono_literals;
    v("manifest_path", manifest_path,
      "manifest.json of the dbt project: a file, or an http(s) URL on an allowed host; empty: "
      "nothing until a sync by URL.",
      env("DBT_MANIFEST_PATH"));
    v("semantic_manifest_path", semantic_manifest_path,
      "semantic_manifest.json, likewise; empty: the manifest's own.",
      env("DBT_SEMANTIC_MANIFEST_PATH"));
    v("catalog_path", catalog_path, "catalog.json, likewise: types and row counts.",
      env("DBT_CATALOG_PATH"));
    v("run_results_path", run_results_path, "run_results.json, likewise: state of the tests.");
    v("sources_path", sources_path, "sources.json, likewise: freshness.");
    v("sync_interval", sync_interval, "How often the artifacts are read again.",
      in(1s, std::chrono::hours(24 * 30)), env("DBT_SYNC_INTERVAL"));
    v("watch_interval", watch_interval,
      "How often files are looked at for a change; a changed file is read once it is at rest. 0: "
      "only at each sync_interval.",
      in(0ms, 1h));
    v("allowed_hosts", allowed_hosts,
      "Hosts (`host` or `host:port`) that artifacts may be fetched from by URL. A redirect to "
      "another host is followed to public addresses only.",
      len(0, 100));
    v("artifact_max_bytes", artifact_max_bytes, "Largest artifact.",
      in(1024.0, 4.0 * 1024 * 1024 * 1024));
    v("fetch_timeout", fetch_timeout, "Longest a fetch by URL may take.", in(100ms, 30min));
    v("values_per_dimension_max", values_per_dimension_max,
      "Values of one dimension read for the vocabulary.", in(0, 1'000'000));
    v("dimensions_with_values_max", dimensions_with_values_max, "Dimensions whose values are read.",
      in(0, 100'000));
    v("filtered_vocabularies_max", filtered_vocabularies_max,
      "Sets of row filters whose visible values are kept, each as large as the vocabulary.",
      in(1, 10'000));
  }
};

}  // namespace loquat::dbt
