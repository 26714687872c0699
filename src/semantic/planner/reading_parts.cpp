#include <algorithm>

#include "semantic/planner/draft_reader.hpp"

/// Parts of the last query that a follow-up names: replaced, dropped, or meant otherwise.
namespace loquat::semantic::planner {

void DraftReader::parts_named() {
  if (draft_.dangling != nullptr && !denies_a_flag(*draft_.dangling))
    misfit(words_of(*draft_.dangling));
  if (!reading_.follow_up) {
    for (const Edge* edge : draft_.path)
      if (edge->kind == EdgeKind::operation && edge->op == Op::opener &&
          setting_.tokens[edge->begin].text == "no" && setting_.tokens.size() > 1)
        misfit(words_of(*edge));
    if (!draft_.replaced.empty()) misfit(words_of(*draft_.replaced[0]));
    if (!draft_.query_parts.empty()) misfit("\"" + draft_.query_parts[0] + "\"");
    return;
  }
  // `remove the telehealth filter` names which one.
  const bool named = !draft_.dimensions.empty() || !draft_.values.empty();
  for (const std::string& part : draft_.query_parts)
    if (part != "filter" || !named) drop_part(part);
  if (draft_.in_total && draft_.dimensions.empty() && draft_.grains.empty()) {
    drop_part("grouping");
    frame_.grain.reset();
  }
  // `the other one: revenue` says itself which.
  if (draft_.other_one && draft_.metrics.empty() && draft_.values.empty()) other_one();
  for (const Edge* edge : draft_.replaced) replace(*edge);
}

/// `hotels that have no pool`: the no is about a yes or no of the rows.
bool DraftReader::denies_a_flag(const Edge& edge) const {
  if (edge.kind != EdgeKind::operation || edge.op != Op::negate) return false;
  return std::any_of(draft_.dimensions.begin(), draft_.dimensions.end(),
                     [&](const DimensionSaid& said) {
                       return said.excluded && said.edge->begin == edge.end && is_flag(*said.edge);
                     });
}

/// `per month instead of depot`: what the last question had goes, what is said comes.
void DraftReader::replace(const Edge& edge) {
  const Frame before = frame_;
  switch (edge.kind) {
    case EdgeKind::metric:
      std::erase(frame_.metrics, lexicon_.metrics[edge.metric].metric->name);
      break;
    case EdgeKind::dimension:
      for (const Alternative& option : edge.alternatives) {
        const std::string& name = lexicon_.dimensions[option.target].info.name;
        std::erase(frame_.groups, name);
        std::erase_if(frame_.filters,
                      [&](const Filter& filter) { return filter.dimension == name; });
      }
      break;
    case EdgeKind::value:
      for (const Alternative& option : edge.alternatives)
        for (Filter& filter : frame_.filters)
          std::erase(filter.values, lexicon_.values[option.target].text);
      std::erase_if(frame_.filters, [](const Filter& filter) {
        const bool lists =
            filter.kind == Filter::Kind::is_in || filter.kind == Filter::Kind::not_in;
        return lists && filter.values.empty();
      });
      break;
    case EdgeKind::grain:
      if (frame_.grain == edge.grain) frame_.grain.reset();
      break;
    case EdgeKind::time:
      if (frame_.range == edge.range) frame_.range = {};
      break;
    case EdgeKind::date_part:
      frame_.date_part.clear();
      break;
    default:
      break;
  }
  const bool gone = before.metrics != frame_.metrics || before.groups != frame_.groups ||
                    before.filters != frame_.filters || before.grain != frame_.grain ||
                    before.range != frame_.range || before.date_part != frame_.date_part;
  if (!gone) return misfit(words_of(edge));
  replaced_groups_ = before.groups != frame_.groups;
}

void DraftReader::drop_part(const std::string& part) {
  if (part == "filter") {
    frame_.filters.clear();
  } else if (part == "grouping") {
    frame_.groups.clear();
    frame_.rank.reset();
    frame_.date_part.clear();
    frame_.share = false;
  } else if (part == "ranking") {
    frame_.rank.reset();
  } else if (part == "comparison") {
    frame_.comparison.reset();
  } else if (part == "period") {
    frame_.range = {};
    frame_.comparison.reset();
  } else if (part == "share") {
    frame_.share = false;
  } else if (part == "order") {
    frame_.sort_descending.reset();
  } else if (part == "threshold") {
    frame_.having.clear();
  }
  changed(part);
}

/// The other of two: the value beside the one filtered on, or the metric that shares its name.
void DraftReader::other_one() {
  std::vector<Frame> choices;
  for (std::size_t i = 0; i < frame_.filters.size(); ++i) other_values(i, choices);
  if (choices.empty()) other_metrics(choices);
  if (choices.empty()) {
    misfit("\"the other one\"");
    return;
  }
  frame_ = choices.front();
  changed(choices.front().metrics == to_frame(lexicon_, setting_.request.previous->query).metrics
              ? "filter"
              : "metric");
  if (choices.size() == 1) return;
  reading_.ambiguous_dimension = true;
  reading_.rivals.assign(choices.begin() + 1, choices.end());
  rivals_are_whole_ = true;
}

void DraftReader::other_values(std::size_t at, std::vector<Frame>& choices) const {
  const Filter& filter = frame_.filters[at];
  Frame other = frame_;
  if (filter.kind == Filter::Kind::is_true || filter.kind == Filter::Kind::is_false) {
    other.filters[at].kind =
        filter.kind == Filter::Kind::is_true ? Filter::Kind::is_false : Filter::Kind::is_true;
    choices.push_back(std::move(other));
    return;
  }
  const DimensionEntry* entry = lexicon_.dimension(filter.dimension);
  if (filter.kind != Filter::Kind::is_in || filter.values.size() != 1 || entry == nullptr) return;
  const auto* values = lexicon_.values_of(entry->column);
  constexpr std::size_t kOffered = 5;
  if (values == nullptr || values->size() > kOffered + 1) return;
  for (const std::uint32_t id : *values) {
    const std::string& value = lexicon_.values[id].text;
    if (value == filter.values[0]) continue;
    other.filters[at].values = {value};
    choices.push_back(other);
  }
}

void DraftReader::other_metrics(std::vector<Frame>& choices) const {
  if (frame_.metrics.size() != 1) return;
  const MetricEntry* now = lexicon_.metric(frame_.metrics[0]);
  if (now == nullptr) return;
  constexpr std::size_t kOffered = 5;
  for (const MetricEntry& other : lexicon_.metrics) {
    if (&other == now || choices.size() == kOffered) continue;
    const bool shares = std::any_of(now->said.begin(), now->said.end(), [&](std::uint32_t word) {
      const Word& said = lexicon_.words[word];
      return !said.filler && !said.time_unit &&
             std::find(other.said.begin(), other.said.end(), word) != other.said.end();
    });
    if (!shares) continue;
    Frame frame = frame_;
    frame.metrics = {other.metric->name};
    choices.push_back(std::move(frame));
  }
}

}  // namespace loquat::semantic::planner
