#pragma once
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "loquat/contracts/semantic_model.hpp"
#include "loquat/sql/lineage.hpp"

namespace loquat::lineage {

/// The dbt graph of one imported model, by the name under which a relation is known.
class ProjectGraph {
 public:
  struct Node {
    std::string fqn;  ///< `database.schema.name`; for what has no relation the unique_id
    std::string name;
    std::string type;  ///< model, seed, snapshot, source, exposure
    std::vector<std::size_t> upstream, downstream;
  };
  explicit ProjectGraph(const contracts::ProjectModel& project);
  [[nodiscard]] const std::vector<Node>& nodes() const noexcept { return nodes_; }
  /// By fqn, by unique_id, or by the end of the fqn (`main.orders`, `orders`); any case.
  [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const;

 private:
  void link(std::size_t to, const std::vector<std::string>& depends_on);
  std::vector<Node> nodes_;
  std::map<std::string, std::size_t, std::less<>> by_id_, by_fqn_;
  std::multimap<std::string, std::size_t, std::less<>> by_last_part_;
};

/// All that lineage asks of one import; made once per version, off the loop.
struct ModelFacts {
  explicit ModelFacts(const contracts::ProjectModel& project);
  std::string version;
  sql::Schema schema;
  ProjectGraph graph;
  /// `table.column` of columns tagged as personal data; table as the schema names it.
  std::set<std::string, std::less<>> personal;
};

[[nodiscard]] std::string fqn_of(const contracts::Relation& relation);
[[nodiscard]] std::string lower(std::string_view text);

}  // namespace loquat::lineage
