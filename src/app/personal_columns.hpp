#pragma once
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "loquat/contracts/ports.hpp"
#include "loquat/platform/platform.hpp"

namespace loquat::app {

/// Dimensions and the columns behind them that dbt or the catalog tags as personal data. Empty
/// before the first import. Asked for with every event, so found anew only for another model or
/// other tags.
class PersonalColumns {
 public:
  using Model = std::shared_ptr<const contracts::ModelSnapshot>;
  using Names = std::set<std::string>;
  /// The catalog outlives this.
  explicit PersonalColumns(const platform::Catalog& catalog)
      : catalog_(catalog), names_(std::make_shared<const Names>()) {}
  [[nodiscard]] const std::vector<std::string>& columns(const Model& model);
  /// The same in lower case.
  [[nodiscard]] std::shared_ptr<const Names> names(const Model& model);

 private:
  void refresh(const Model& model);
  const platform::Catalog& catalog_;
  std::weak_ptr<const contracts::ModelSnapshot> model_;  ///< never at the address of a later one
  std::optional<std::uint64_t> tags_version_;
  std::vector<std::string> columns_;
  std::shared_ptr<const Names> names_;
};

}  // namespace loquat::app
