#pragma once
#include <vector>

#include "loquat/contracts/known_queries.hpp"
#include "loquat/semantic/model_index.hpp"

namespace loquat::dbt {

/// A stored query that the model in force cannot answer.
struct Breakage {
  std::string tenant_id, kind, id, title;
  std::string reason;   ///< the first thing wrong with it
  bool is_new = false;  ///< the model before could answer it
};

/// Those of `queries` that do not compile against `after`, in their order. Pure; compiles each
/// query once and the broken ones twice, so call it on a worker thread. `before` may be nullptr:
/// nothing is new then.
[[nodiscard]] std::vector<Breakage> find_broken(const std::vector<contracts::KnownQuery>& queries,
                                                const semantic::ModelIndex* before,
                                                const semantic::ModelIndex& after,
                                                semantic::Dialect dialect);

}  // namespace loquat::dbt
