#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "loquat/base/fields.hpp"
#include "loquat/base/secret.hpp"
#include "loquat/degradation/config.hpp"

namespace loquat::platform {

/// Section `catalog`.
struct CatalogConfig {
  std::string url;
  Secret token;
  std::chrono::milliseconds refresh{900'000};
  std::uint32_t tables_max = 10'000;
  std::vector<std::string> personal_tags{"pii", "personal_data", "contains_pii", "gdpr"};
  std::vector<std::string> roles_that_see{"curator", "operator"};
  degradation::GuardConfig guard;
  template <class V>
  void fields(V& v) {
    using namespace std::chrono_literals;
    v("url", url, "Catalog service; empty: dbt's tags alone decide what is masked.",
      env("CATALOG_SERVICE_URL"));
    v("token", token, "Bearer token for it; prefer the environment.");
    v("refresh", refresh, "Tags older than this are asked for again when they are used.",
      in(1s, 24h));
    v("tables_max", tables_max, "Tables whose tags are kept.", in(1, 1'000'000));
    v("personal_tags", personal_tags,
      "Tags and classifications of a column that mean personal data.");
    v("roles_that_see", roles_that_see, "Roles that see personal data unmasked.");
    v("guard", guard, "Deadline, retries and breaker.");
  }
};

/// Section `semantic_layer`.
struct SemanticLayerConfig {
  std::string url;
  std::string path = "/v1/metrics/query";
  Secret token;
  std::string model_id;
  degradation::GuardConfig guard;
  template <class V>
  void fields(V& v) {
    v("url", url, "Semantic layer service; empty: the local dbt model alone.",
      env("SEMANTIC_LAYER_URL"));
    v("path", path, "Where it takes metric queries.", len(1, 256));
    v("token", token, "Bearer token for it; prefer the environment.");
    v("model_id", model_id, "modelId of its queries.", len(0, 256));
    v("guard", guard, "Deadline, retries and breaker.");
  }
};

}  // namespace loquat::platform
