#include <algorithm>

#include "semantic/planner/draft_reader.hpp"

/// Which metrics are asked for, or what is counted where none is.
namespace loquat::semantic::planner {
namespace {

constexpr double kEllipsis = 0.6;  ///< half a name whose other half the last question said
constexpr double kCounted = 0.2;   ///< a count that no metric makes yields to a metric said in full

}  // namespace

void DraftReader::metrics() {
  std::vector<std::string> said;
  for (const Edge* edge : draft_.metrics) {
    const std::string& name = lexicon_.metrics[edge->metric].metric->name;
    said.push_back(name);
    if (continues_the_last(*edge)) {
      reading_.elliptic = true;
      reading_.score += kEllipsis;
      reading_.doubt += 0.05;
      continue;
    }
    reading_.doubt += edge->missing > 0 ? 0.08 + 0.05 * std::min(edge->missing, 3.0) : 0;
    // What it is about is not said at all: crates by depot, for how many depots.
    if (edge->missing > 0.5 && !edge->head_said) headless_ = true;
    if (edge->missing > 0.3 && over_time(*lexicon_.metrics[edge->metric].metric))
      reading_.doubt += 0.4;
    // Half a name, and that mistyped: a guess.
    if (edge->missing > 0.3 && edge->doubt > 0.1) reading_.doubt += 0.35;
  }
  // Two figures that nothing joins: one of them is something else.
  if (!draft_.metrics_joined) misfit(words_of(*draft_.metrics.back()), 2.2);
  for (const Edge* edge : draft_.excluded_metrics) {
    const std::string& name = lexicon_.metrics[edge->metric].metric->name;
    const bool there =
        std::find(frame_.metrics.begin(), frame_.metrics.end(), name) != frame_.metrics.end();
    if (!reading_.follow_up || !there || frame_.metrics.size() < 2) {
      misfit(words_of(*edge));
      continue;
    }
    std::erase(frame_.metrics, name);
    changed("metric");
  }
  if (reading_.follow_up && !said.empty()) {
    const bool add = draft_.add || (draft_.opener && said_with_and());
    if (draft_.remove) {
      std::erase_if(frame_.metrics, [&](const std::string& name) {
        return std::find(said.begin(), said.end(), name) != said.end();
      });
    } else if (!add) {
      frame_.metrics.clear();
      drop_metric_parts();
    }
    changed("metric");
  }
  if (!draft_.remove || !reading_.follow_up)
    for (const std::string& name : said)
      if (std::find(frame_.metrics.begin(), frame_.metrics.end(), name) == frame_.metrics.end())
        frame_.metrics.push_back(name);
  if (said.empty()) count_entity();
  const bool lists_values = draft_.inventory || draft_.which;
  if (frame_.metrics.empty() && !(lists_values && !draft_.dimensions.empty()))
    lack(Lack::metric, "", kNoMetric);
  else if (frame_.metrics.empty())
    reading_.score -= 0.5;
  for (const std::string& name : frame_.metrics) {
    const std::uint32_t id = lexicon_.metric_id(name);
    if (id < lexicon_.metrics.size()) metric_ids_.push_back(id);
  }
}

/// `and gross?` after net tonnage: the words left out are words of the metric before.
bool DraftReader::continues_the_last(const Edge& edge) const {
  if (!reading_.follow_up || edge.missing == 0 || frame_.metrics.empty()) return false;
  const MetricEntry* last = lexicon_.metric(frame_.metrics.front());
  if (last == nullptr || lexicon_.metrics[edge.metric].metric == last->metric) return false;
  const auto said_here = [&](const Word& word) {
    for (std::size_t i = edge.begin; i < edge.end; ++i)
      if (setting_.tokens[i].stem == word.stem) return true;
    return false;
  };
  const auto said_before = [&](const Word& word) {
    return std::any_of(last->said.begin(), last->said.end(), [&](std::uint32_t other) {
      return lexicon_.words[other].stem == word.stem;
    });
  };
  return std::any_of(lexicon_.terms.begin(), lexicon_.terms.end(), [&](const Term& term) {
    if (term.kind != TermKind::metric || term.target != edge.metric) return false;
    bool here = false;
    for (const std::uint32_t id : term.words) {
      const Word& word = lexicon_.words[id];
      if (word.function) continue;
      const bool now = said_here(word);
      here = here || now;
      if (!now && !said_before(word)) return false;
    }
    return here;
  });
}

/// `how many depots`: where no metric is said, the rows of the entity are counted.
void DraftReader::count_entity() {
  for (const DimensionSaid& said : draft_.dimensions) {
    if (!said.counted || said.excluded || said.edge->missing > 0.3) continue;
    const std::string entity = counted_by(*said.edge);
    const std::uint32_t id = lexicon_.count_of(entity);
    if (entity.empty() || id >= lexicon_.metrics.size()) continue;
    reading_.counted = said.edge;
    reading_.score -= kCounted;
    reading_.doubt += 0.04;
    if (reading_.follow_up) {
      frame_.metrics.clear();
      drop_metric_parts();
      changed("metric");
    }
    frame_.metrics = {lexicon_.metrics[id].metric->name};
    return;
  }
}

/// `leased vehicles` names the rows together with a yes or no of theirs.
std::string DraftReader::counted_by(const Edge& edge) const {
  if (!is_flag(edge)) return entity_meant(edge);
  const DimensionEntry& flag = lexicon_.dimensions[edge.alternatives[0].target];
  return edge.end - edge.begin > 1 && !flag.path.empty() ? local_of(flag.path) : "";
}

/// The entity that a noun stands for; none if it names none, or two as well.
std::string DraftReader::entity_meant(const Edge& edge) const {
  std::string found;
  for (const Alternative& option : edge.alternatives) {
    if (option.score < edge.alternatives[0].score - kReachFit) break;
    const DimensionEntry& entry = lexicon_.dimensions[option.target];
    std::string entity;
    if (entry.info.is_entity)
      entity = local_of(entry.info.name);
    else if (entry.names_entity && !entry.path.empty())
      entity = local_of(entry.path);
    if (entity.empty() || entity == found) continue;
    if (!found.empty()) return "";
    found = entity;
  }
  return found;
}

/// Trailing windows, periods to date, growth: meant only where that is said.
bool DraftReader::over_time(const contracts::Metric& metric) {
  return metric.type == contracts::MetricType::cumulative ||
         std::any_of(metric.inputs.begin(), metric.inputs.end(),
                     [](const contracts::MetricInput& input) { return input.offset_window; });
}

void DraftReader::drop_metric_parts() {
  frame_.having.clear();
  if (frame_.sort_descending) frame_.sort_descending.reset();
}

bool DraftReader::reachable(std::uint32_t dimension) const {
  return std::all_of(metric_ids_.begin(), metric_ids_.end(),
                     [&](std::uint32_t id) { return lexicon_.metrics[id].reaches[dimension]; });
}

}  // namespace loquat::semantic::planner
