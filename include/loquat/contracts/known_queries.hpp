#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "loquat/contracts/metric_query.hpp"
#include "loquat/contracts/ports.hpp"

/// Metric queries that are kept and will be asked again: stored questions, verified answers, memory
/// items. When a new model is about to be swapped in, each is compiled against it, and what it
/// breaks is told before somebody meets it.
namespace loquat::contracts {

struct KnownQuery {
  std::string tenant_id;  ///< only this tenant is told that it broke
  std::string kind;       ///< question, verified_answer or memory
  std::string id;         ///< the owner's id of it, unique within tenant and kind
  std::string title;      ///< what people know it by, e.g. the question; may be empty
  MetricQuery query;
};

class KnownQueries {
 public:
  virtual ~KnownQueries() = default;
  /// At most `limit` of them over all tenants, those most worth keeping first. Loop thread.
  /// Errors: io or unavailable while the store is away; then nothing is tested.
  [[nodiscard]] virtual Task<Result<std::vector<KnownQuery>>> known_queries(std::size_t limit) = 0;
};

}  // namespace loquat::contracts
