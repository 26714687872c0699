#pragma once
#include <string>
#include <utility>
#include <vector>

#include "compiler/resolve.hpp"
#include "compiler/statement.hpp"
#include "index/catalogue.hpp"
#include "loquat/contracts/query_plan.hpp"
#include "loquat/contracts/row_filter.hpp"

namespace loquat::semantic {

/// What the builder notes for the plan while it builds; the selects have their last names only
/// afterwards.
class PlanNotes {
 public:
  using Read = contracts::QueryPlan::Read;
  explicit PlanNotes(const Catalogue& catalogue) : catalogue_(catalogue) {}

  void read(const Select& in, const contracts::SemanticModel& model, std::string time);
  void filter(const Select& in, const std::string& sql);
  void row_filter(const Select& in, const std::string& sql);
  void range(const Select& in, const std::string& sql);
  void join(const Select& in, const contracts::SemanticModel& from, const Hop& hop,
            std::vector<std::string> on);

  /// The whole plan, its text included.
  [[nodiscard]] contracts::QueryPlan plan(const ResolvedQuery& query, const Statement& statement,
                                          const std::vector<contracts::RowFilter>& filters) const;

 private:
  [[nodiscard]] Read* last_read(const Select& in);

  const Catalogue& catalogue_;
  std::vector<std::pair<const Select*, Read>> reads_;
  std::vector<std::pair<const Select*, contracts::QueryPlan::Join>> joins_;
};

/// The plan for reading, one line an item.
[[nodiscard]] std::string text_of(const contracts::QueryPlan& plan);

}  // namespace loquat::semantic
