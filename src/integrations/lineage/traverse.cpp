#include "traverse.hpp"

#include <algorithm>

namespace loquat::lineage {
namespace {

class Walker {
 public:
  Walker(const ProjectGraph& graph, const Walk& how, const std::vector<const RecentQuery*>& queries)
      : graph_(graph), how_(how), queries_(queries) {}

  GraphAnswer run(std::size_t start) {
    out_.root = graph_.nodes()[start].fqn;
    add(start, 0);
    if (how_.upstream) spread(start, true);
    if (how_.downstream) spread(start, false);
    if (how_.downstream) add_queries();
    std::ranges::stable_sort(out_.nodes, {}, &GraphNode::depth);
    return std::move(out_);
  }

 private:
  bool add(std::size_t index, int depth) {
    if (depth_.contains(index)) return true;
    if (out_.nodes.size() >= how_.nodes_max) return out_.truncated = true, false;
    const ProjectGraph::Node& node = graph_.nodes()[index];
    depth_[index] = depth;
    out_.nodes.push_back({node.fqn, node.name, node.type, depth});
    return true;
  }
  void spread(std::size_t start, bool upstream) {
    std::deque<std::pair<std::size_t, int>> open{{start, 0}};
    std::set<std::size_t> seen{start};
    while (!open.empty()) {
      const auto [index, depth] = open.front();
      open.pop_front();
      const ProjectGraph::Node& node = graph_.nodes()[index];
      const auto& next = upstream ? node.upstream : node.downstream;
      if (depth >= how_.depth_max) {
        out_.truncated = out_.truncated || !next.empty();
        continue;
      }
      if (!upstream) below_.insert_or_assign(lower(node.fqn), depth);
      for (const std::size_t other : next) {
        if (!add(other, depth + 1)) return;
        const std::string& fqn = graph_.nodes()[other].fqn;
        out_.edges.push_back(upstream ? GraphEdge{fqn, node.fqn} : GraphEdge{node.fqn, fqn});
        if (seen.insert(other).second) open.emplace_back(other, depth + 1);
      }
    }
  }
  void add_queries() {
    for (const RecentQuery* query : queries_) {
      int depth = how_.depth_max + 1;
      for (const std::string& table : query->tables)
        if (const auto at = below_.find(table); at != below_.end())
          depth = std::min(depth, at->second + 1);
      if (depth > how_.depth_max) continue;
      if (out_.nodes.size() >= how_.nodes_max) {
        out_.truncated = true;
        return;
      }
      out_.nodes.push_back({query->query_id, query->query_id, "query", depth});
      for (const std::string& table : query->tables)
        if (below_.contains(table))
          if (const auto index = graph_.find(table))
            out_.edges.push_back({graph_.nodes()[*index].fqn, query->query_id});
    }
  }

  const ProjectGraph& graph_;
  const Walk& how_;
  const std::vector<const RecentQuery*>& queries_;
  GraphAnswer out_;
  std::map<std::size_t, int> depth_;
  std::map<std::string, int, std::less<>> below_;  // tables whose readers are shown, with depth
};

}  // namespace

GraphAnswer walk(const ProjectGraph& graph, std::size_t start, const Walk& how,
                 const std::vector<const RecentQuery*>& queries) {
  return Walker(graph, how, queries).run(start);
}

}  // namespace loquat::lineage
