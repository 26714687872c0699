#include "personal_columns.hpp"

#include "loquat/semantic/model_index.hpp"

namespace loquat::app {

std::vector<std::string> personal_columns(const contracts::ModelSnapshot* model,
                                          const contracts::ColumnTags& tags) {
  std::vector<std::string> found;
  if (model == nullptr) return found;
  const auto dimensions = model->index->dimensions_for({});
  if (!dimensions) return found;
  // Nobody in particular: what a plain user may not see.
  const contracts::Principal plain;
  for (const auto& dimension : *dimensions) {
    if (dimension.is_time || dimension.is_entity) continue;
    const auto says = dimension.personal_data ? std::optional<bool>(true) : std::nullopt;
    if (!tags.must_mask(dimension.relation, dimension.expr, says, true, plain)) continue;
    found.push_back(dimension.name);
    found.push_back(dimension.expr);
  }
  return found;
}

}  // namespace loquat::app
