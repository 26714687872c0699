#pragma once
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "facts.hpp"
#include "messages.hpp"

namespace loquat::lineage {

/// One answered query, as the graph remembers it.
struct RecentQuery {
  std::string tenant_id, user_id, query_id;
  std::vector<std::string> tables;  ///< lower case fqn
};

struct Walk {
  bool upstream = false;
  bool downstream = false;
  int depth_max = 10;
  std::size_t nodes_max = 2000;
};
/// The graph around `start`: breadth first, each node once, at its least depth. Queries hang below
/// the tables they read. Pure.
[[nodiscard]] GraphAnswer walk(const ProjectGraph& graph, std::size_t start, const Walk& how,
                               const std::vector<const RecentQuery*>& queries);

}  // namespace loquat::lineage
