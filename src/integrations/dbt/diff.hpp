#pragma once
#include <string>
#include <vector>

#include "loquat/base/fields.hpp"
#include "loquat/contracts/semantic_model.hpp"

namespace loquat::dbt {

/// What changed between two imports; names as `metric revenue`, `dimension customers.segment`,
/// `model orders`.
struct ModelDiff {
  std::vector<std::string> added, changed, removed;
  template <class V>
  void fields(V& v) {
    v("added", added, "New metrics, dimensions and models.");
    v("changed", changed, "Those whose definition differs.");
    v("removed", removed, "Those that are gone.");
  }
  [[nodiscard]] bool empty() const { return added.empty() && changed.empty() && removed.empty(); }
};
/// Pure; linear in the size of both. `before` may be nullptr: everything is new.
[[nodiscard]] ModelDiff diff_models(const contracts::ProjectModel* before,
                                    const contracts::ProjectModel& after);

}  // namespace loquat::dbt
