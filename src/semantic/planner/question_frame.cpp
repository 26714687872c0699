#include "loquat/semantic/question_frame.hpp"

#include <algorithm>

#include "semantic/planner/decision.hpp"

namespace loquat::semantic {
namespace planner {
namespace {

/// A second value nearer than this to the first leaves a doubt which was meant.
constexpr double kNearValue = 0.2;

class Framer {
 public:
  explicit Framer(const Setting& setting) : setting_(setting), lexicon_(setting.lexicon) {}

  QuestionFrame run(const Reading& reading) {
    bool has_words = false;
    for (const Edge* edge : reading.draft.path) {
      switch (edge->kind) {
        case EdgeKind::filler:
          continue;
        case EdgeKind::time:
          frame_.says_time = true;
          continue;  // a period may stand anywhere in a question
        case EdgeKind::value:
          value(*edge);
          continue;
        case EdgeKind::metric:
          metric(*edge);
          break;
        case EdgeKind::grain:
          frame_.grains.emplace_back(name_of(edge->grain));
          stems(*edge);
          break;
        default:
          stems(*edge);
      }
      has_words = true;
    }
    if (!has_words) frame_.form.clear();
    if (frame_.says_time) frame_.form += " <time>";
    frame_.start = reading.frame.range.start;
    frame_.end = reading.frame.range.end;
    frame_.time_phrase = reading.time_phrase;
    for (const DimensionSaid& said : reading.draft.dimensions)
      if (said.split && said.edge->doubt == 0 && said.edge->alternatives.size() == 1)
        frame_.dimensions.push_back(
            lexicon_.dimensions[said.edge->alternatives[0].target].info.name);
    return std::move(frame_);
  }

 private:
  void put(std::string_view piece) {
    if (!frame_.form.empty()) frame_.form += ' ';
    frame_.form += piece;
  }
  void stems(const Edge& edge) {
    for (std::size_t i = edge.begin; i < edge.end; ++i) put(setting_.tokens[i].stem);
  }
  void metric(const Edge& edge) {
    const bool is_whole = edge.missing == 0 && edge.doubt == 0 && !edge.loose_synonym;
    if (!is_whole) return stems(edge);
    const std::string& name = lexicon_.metrics[edge.metric].metric->name;
    frame_.metrics.push_back(name);
    put("<metric " + name + ">");
  }
  void value(const Edge& edge) {
    QuestionFrame::Value slot;
    const Alternative& best = edge.alternatives.front();
    slot.text = lexicon_.values[best.target].text;
    slot.is_sure = edge.doubt == 0;
    for (const DimensionEntry& entry : lexicon_.dimensions)
      if (entry.column == best.column) slot.dimensions.push_back(entry.info.name);
    std::sort(slot.dimensions.begin(), slot.dimensions.end());
    for (const Alternative& other : edge.alternatives) {
      const bool is_same = other.target == best.target && other.column == best.column;
      if (!is_same && other.score > best.score - kNearValue) slot.is_sure = false;
    }
    put("<value " + (slot.dimensions.empty() ? std::string() : slot.dimensions.front()) + ">");
    frame_.values.push_back(std::move(slot));
  }

  const Setting& setting_;
  const Lexicon& lexicon_;
  QuestionFrame frame_;
};

}  // namespace
}  // namespace planner

QuestionFrame frame_of(const Vocabulary& vocabulary, const PlanRequest& request) {
  const auto& lexicon = static_cast<const planner::Lexicon&>(vocabulary);
  PlanRequest alone = request;
  alone.previous.reset();
  alone.refine = false;
  QuestionFrame frame;
  planner::with_best_reading(lexicon, alone,
                             [&](const planner::Setting& setting, const planner::Reading& reading) {
                               frame = planner::Framer(setting).run(reading);
                             });
  return frame;
}

std::optional<contracts::MetricQuery> with_value(const Vocabulary& vocabulary,
                                                 const contracts::MetricQuery& query,
                                                 const QuestionFrame::Value& from,
                                                 const QuestionFrame::Value& to) {
  using planner::Filter;
  if (!from.is_sure || !to.is_sure || from.dimensions != to.dimensions) return std::nullopt;
  const auto& lexicon = static_cast<const planner::Lexicon&>(vocabulary);
  const planner::Frame frame = planner::to_frame(lexicon, query);
  std::size_t found = frame.filters.size();
  for (std::size_t i = 0; i < frame.filters.size(); ++i) {
    const Filter& filter = frame.filters[i];
    const bool is_here =
        std::ranges::find(from.dimensions, filter.dimension) != from.dimensions.end() &&
        std::ranges::find(filter.values, from.text) != filter.values.end();
    const bool is_hidden = filter.kind == Filter::Kind::raw &&
                           query.where[i].find(planner::quoted(from.text)) != std::string::npos;
    if (is_hidden || (is_here && found != frame.filters.size())) return std::nullopt;
    if (is_here) found = i;
  }
  if (found == frame.filters.size()) return std::nullopt;
  planner::Frame changed;
  changed.filters = {frame.filters[found]};
  auto& values = changed.filters[0].values;
  std::ranges::replace(values, from.text, to.text);
  contracts::MetricQuery out = query;
  out.where[found] = planner::to_query(lexicon, changed).where.front();
  return out;
}

}  // namespace loquat::semantic
