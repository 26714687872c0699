#include <algorithm>
#include <tuple>

#include "semantic/language/word_forms.hpp"
#include "semantic/planner/edges.hpp"

namespace loquat::semantic::planner {
namespace {

struct State {
  double score = 0;
  std::uint32_t edge = 0;
  std::uint32_t from = 0;  ///< index of the state before, at the edge's begin
};

/// Metrics that compete for the same words: more than this many add nothing but time.
constexpr std::size_t kRivalsMax = 8;

void keep_best_rivals(Edges& edges) {
  std::sort(edges.begin(), edges.end(), [](const Edge& a, const Edge& b) {
    return std::tie(a.begin, a.end, a.kind, b.score, a.metric, a.op) <
           std::tie(b.begin, b.end, b.kind, a.score, b.metric, b.op);
  });
  Edges kept;
  std::size_t run = 0;
  for (Edge& edge : edges) {
    const bool same = !kept.empty() && kept.back().begin == edge.begin &&
                      kept.back().end == edge.end && kept.back().kind == edge.kind;
    run = same ? run + 1 : 0;
    if (edge.kind != EdgeKind::metric || run < kRivalsMax) kept.push_back(std::move(edge));
  }
  edges = std::move(kept);
}

}  // namespace

std::vector<Path> best_paths(const std::vector<Token>& tokens, Edges& edges, std::size_t count) {
  keep_best_rivals(edges);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    Edge edge;
    edge.begin = i;
    edge.end = i + 1;
    const bool filler = language::is_filler(tokens[i]);
    edge.kind = filler ? EdgeKind::filler : EdgeKind::unknown;
    // `by` as a mere filler is the last thing it can be.
    edge.score = !filler ? -kUnknownCost : is_split_word(tokens[i]) ? -0.1 : 0;
    edges.push_back(std::move(edge));
  }
  std::vector<std::vector<std::uint32_t>> ending(tokens.size() + 1);
  for (std::uint32_t i = 0; i < edges.size(); ++i) ending[edges[i].end].push_back(i);

  std::vector<std::vector<State>> states(tokens.size() + 1);
  states[0].push_back({});
  for (std::size_t at = 1; at <= tokens.size(); ++at) {
    std::vector<State>& here = states[at];
    for (const std::uint32_t id : ending[at]) {
      const std::vector<State>& before = states[edges[id].begin];
      for (std::uint32_t s = 0; s < before.size(); ++s)
        here.push_back({before[s].score + edges[id].score, id, s});
    }
    std::sort(here.begin(), here.end(), [](const State& a, const State& b) {
      return std::tie(b.score, a.edge, a.from) < std::tie(a.score, b.edge, b.from);
    });
    if (here.size() > count) here.resize(count);
  }

  std::vector<Path> paths;
  for (const State& last : states.back()) {
    Path path;
    path.score = last.score;
    const State* state = &last;
    for (std::size_t at = tokens.size(); at > 0;) {
      const Edge& edge = edges[state->edge];
      path.edges.push_back(&edge);
      state = &states[edge.begin][state->from];
      at = edge.begin;
    }
    std::reverse(path.edges.begin(), path.edges.end());
    paths.push_back(std::move(path));
  }
  return paths;
}

}  // namespace loquat::semantic::planner
