#pragma once
#include <cstdint>
#include <string>

#include "loquat/base/fields.hpp"
#include "loquat/base/secret.hpp"
#include "loquat/degradation/config.hpp"

namespace loquat::lineage {

/// Section `lineage`.
struct LineageConfig {
  std::string url;
  std::string path = "/api/v1/lineage";
  Secret token;
  std::string name_space = "loquat";
  bool catalog_edges = true;
  std::uint32_t pending_max = 256;
  std::uint32_t copies_max = 1'000;
  std::uint32_t recent_queries_max = 1'000;
  std::uint32_t graph_nodes_max = 2'000;
  degradation::GuardConfig guard;
  template <class V>
  void fields(V& v) {
    v("url", url, "Lineage service that takes OpenLineage events; empty: topic only.",
      env("LINEAGE_SERVICE_URL"));
    v("path", path, "Where it takes them.", len(1, 256));
    v("token", token, "Bearer token for it; prefer the environment.");
    v("namespace", name_space, "Namespace of our datasets and jobs there.", len(1, 128));
    v("catalog_edges", catalog_edges, "Also post edges to the catalog service, if there is one.");
    v("pending_max", pending_max, "Finished turns that wait to be read; more are dropped.",
      in(1, 100'000));
    v("copies_max", copies_max, "Copies that wait for a service; the oldest goes first.",
      in(1, 100'000));
    v("recent_queries_max", recent_queries_max, "Queries shown in the graph.", in(0, 1'000'000));
    v("graph_nodes_max", graph_nodes_max, "Most nodes of one answer.", in(1, 100'000));
    v("guard", guard, "Deadline, retries and breaker of both services.");
  }
};

}  // namespace loquat::lineage
