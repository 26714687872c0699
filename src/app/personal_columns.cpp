#include "personal_columns.hpp"

#include "loquat/semantic/model_index.hpp"

namespace loquat::app {
namespace {

std::vector<std::string> find_personal(const contracts::ModelSnapshot* model,
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

std::string in_lower_case(std::string name) {
  for (char& c : name)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return name;
}

}  // namespace

const std::vector<std::string>& PersonalColumns::columns(const Model& model) {
  refresh(model);
  return columns_;
}

std::shared_ptr<const PersonalColumns::Names> PersonalColumns::names(const Model& model) {
  refresh(model);
  return names_;
}

void PersonalColumns::refresh(const Model& model) {
  const bool is_same_model = !model_.owner_before(model) && !model.owner_before(model_);
  if (is_same_model && tags_version_ == catalog_.tags_version()) return;
  columns_ = find_personal(model.get(), catalog_);
  Names names;
  for (const auto& column : columns_) names.insert(in_lower_case(column));
  names_ = std::make_shared<const Names>(std::move(names));
  model_ = model;
  tags_version_ = catalog_.tags_version();
}

}  // namespace loquat::app
