#include <algorithm>

#include "semantic/language/text.hpp"
#include "semantic/language/time_words.hpp"
#include "semantic/language/word_forms.hpp"
#include "semantic/planner/draft_reader.hpp"

/// What a dimension does to the query: a group, an axis of time, or nothing of its own.
namespace loquat::semantic::planner {

/// Whether a dimension that nobody asked to split by is to be grouped by all the same.
bool DraftReader::groups_unsaid(const DimensionSaid& said, std::uint32_t dimension) {
  const DimensionEntry& entry = lexicon_.dimensions[dimension];
  const bool entity = entry.info.is_entity || entry.names_entity;
  const bool listed = draft_.inventory || draft_.how_many;
  const bool leads =
      said.leads && (!draft_.thresholds.empty() || listed || draft_.rank != nullptr ||
                     (draft_.by_metric && draft_.excluded_something));
  if (leads) {
    // Flights with delay over 30: the reason of a delay is not what is listed.
    const Token& noun = setting_.tokens[said.edge->end - 1];
    const bool one = noun.text == noun.stem;
    if (one && said.edge->missing > 0.3 && !entity && !draft_.thresholds.empty())
      misfit(words_of(*said.edge));
    reading_.doubt += said.edge->missing > 0.3 && !entity ? 0.2 : 0.02;
    return true;
  }
  const std::string_view before = word_before(*said.edge);
  const bool attached = before == "of" || before == "from" || before == "for" || before == "in" ||
                        before == "to" || before == "on" || before == "at" || before == "among" ||
                        before == "across";
  if (entity && follows_a_filter(*said.edge)) return false;  // first-time customers
  const bool having = before == "with" || before == "had" || before == "has" || before == "have" ||
                      before == "having";
  if (having && !entity) {
    add_filter({Filter::Kind::not_null, entry.info.name, {}});
    reading_.doubt += 0.1;
    return false;
  }
  if (entity && (attached || before == "with")) {
    reading_.doubt += 0.05;  // revenue from customers: the thing that is measured anyway
    return false;
  }
  const bool unsure = said.edge->missing > 0.3 || said.edge->doubt > 0.1;
  if (unsure || attached) misfit(words_of(*said.edge), 0.9);
  reading_.doubt += 0.08;
  reading_.score -= 0.3;
  return true;
}

void DraftReader::note_rivals(const Choice& choice, const std::vector<std::string>& groups) {
  reading_.ambiguous_dimension = true;
  for (const std::uint32_t rival : choice.rivals)
    swaps_.push_back({groups.back(), lexicon_.dimensions[rival].info.name, false});
}

void DraftReader::put_groups(std::vector<std::string> groups) {
  if (groups.empty()) return;
  if (reading_.follow_up) {
    changed("grouping");
    if (!draft_.add) {
      frame_.groups.clear();
      if (draft_.grains.empty() && frame_.grain && !draft_.rank) frame_.grain.reset();
      frame_.date_part.clear();
    }
  }
  for (std::string& name : groups)
    if (std::find(frame_.groups.begin(), frame_.groups.end(), name) == frame_.groups.end())
      frame_.groups.push_back(std::move(name));
}

/// `orders by delivery date`, `delivered in June`: another date than the metric's own.
void DraftReader::axis(const DimensionEntry& entry, const DimensionSaid& said) {
  if (says_only_date(*said.edge)) {
    // Delivery date, where the model says delivery time: the date is named already.
    const bool named = std::any_of(
        draft_.dimensions.begin(), draft_.dimensions.end(), [&](const DimensionSaid& before) {
          return before.edge->end == said.edge->begin && !before.edge->alternatives.empty() &&
                 lexicon_.dimensions[before.edge->alternatives[0].target].info.is_time;
        });
    if (named) return;
    if (!said.split && reading_.follow_up) return misfit(words_of(*said.edge));
    if (said.split && draft_.grains.empty()) {
      frame_.grain = Grain::day;
      if (reading_.follow_up) changed("grain");
      return;
    }
  }
  const DimensionEntry* other = other_date(entry, *said.edge);
  if (other == &entry) return misfit(words_of(*said.edge));
  if (other != nullptr) reading_.doubt += 0.1;
  put_axis(other != nullptr ? *other : entry, said);
}

/// Of a date's name no more than that it is one.
bool DraftReader::says_only_date(const Edge& edge) const {
  if (edge.missing < 0.3) return false;
  for (std::size_t i = edge.begin; i < edge.end; ++i) {
    const Token& token = setting_.tokens[i];
    if (token.stem != "date" && token.stem != "time" && token.stem != "day" &&
        token.stem != "timestamp")
      return false;
  }
  return true;
}

void DraftReader::put_axis(const DimensionEntry& entry, const DimensionSaid& said) {
  for (const std::uint32_t id : metric_ids_)
    if (own_axis(*lexicon_.metrics[id].metric, entry)) return;
  const bool time_said = !draft_.times.empty() || !draft_.grains.empty();
  if (!said.split && !time_said && !reading_.follow_up) {
    if (entry.hops > 1) misfit(words_of(*said.edge));
    reading_.score -= 0.6;  // late deliveries: what the rows are about anyway
    reading_.doubt += 0.1;
    headless_ = false;
    return;
  }
  frame_.axis = entry.info.name;
  // `no, by delivery date`: the period of the last question is meant by that date.
  const bool moves_period = reading_.follow_up && (frame_.range.start || frame_.range.end);
  if (said.split && draft_.grains.empty() && !frame_.grain && !moves_period)
    frame_.grain = Grain::day;
  reading_.doubt += 0.05;
  changed("date");
}

/// A word beside `date` that this date's own name does not have: the date beside it whose name or
/// description has the word; `entry` itself if several dates are there and none of them has it.
const DimensionEntry* DraftReader::other_date(const DimensionEntry& entry, const Edge& edge) const {
  if (edge.missing < 0.3) return nullptr;
  const auto says = [&](const DimensionEntry& date, const Token& token) {
    const std::string text = date.info.name.substr(date.info.name.rfind("__") + 2) + " " +
                             date.info.label + " " + date.info.description;
    for (const Token& word : language::words_of_name(text))
      if (word.root == token.root || word.stem == token.stem ||
          language::abbreviates(word.text, token.stem) ||
          language::edit_distance(token.text, word.text, 2) <=
              language::slips_allowed(std::min(token.text.size(), word.text.size())))
        return true;
    return false;
  };
  std::vector<const Token*> own_words;
  for (std::size_t i = edge.begin; i < edge.end; ++i) {
    const Token& token = setting_.tokens[i];
    const bool says_nothing = language::is_filler(token) || token.stem == "date" ||
                              token.stem == "time" || language::unit_of(token).has_value();
    if (!says_nothing && !says(entry, token)) own_words.push_back(&token);
  }
  if (own_words.empty()) return nullptr;
  const DimensionEntry* found = nullptr;
  bool siblings = false;
  for (const DimensionEntry& date : lexicon_.dimensions) {
    if (&date == &entry || !date.info.is_time || date.path != entry.path ||
        date.info.semantic_model != entry.info.semantic_model)
      continue;
    siblings = true;
    const bool all = std::all_of(own_words.begin(), own_words.end(),
                                 [&](const Token* token) { return says(date, *token); });
    if (!all) continue;
    if (found != nullptr) return &entry;
    found = &date;
  }
  return found != nullptr ? found : siblings ? &entry : nullptr;
}

bool DraftReader::own_axis(const contracts::Metric& metric, const DimensionEntry& entry) const {
  if (!metric.measure) return false;
  for (const auto& model : lexicon_.index().project().semantic_models)
    for (const auto& measure : model.measures)
      if (measure.name == metric.measure->measure)
        return measure.agg_time_dimension == local_of(entry.info.name) &&
               entry.info.semantic_model == model.name;
  return false;
}

/// `the HARVEST10 promotion`, `depot Elm Hill`, `organic products`: the noun of a value.
bool DraftReader::qualifies_value(const DimensionSaid& said, std::uint32_t dimension) const {
  const DimensionEntry& entry = lexicon_.dimensions[dimension];
  for (const ValueSaid& value : draft_.values)
    for (const Alternative& option : value.edge->alternatives)
      if (option.column == entry.column || same_model(option.column, entry)) return true;
  // 4 star hotels: the noun of a number.
  for (const ThresholdSaid& threshold : draft_.thresholds) {
    const Edge* other = threshold.dimension;
    if (other == nullptr || other == said.edge || other->alternatives.empty()) continue;
    const Choice choice = choose(other->alternatives);
    if (lexicon_.dimensions[choice.dimension].numeric &&
        same_model(lexicon_.dimensions[choice.dimension].column, entry))
      return true;
  }
  for (const DimensionSaid& other : draft_.dimensions) {
    if (other.edge == said.edge || other.split || other.edge->alternatives.empty()) continue;
    const Choice choice = choose(other.edge->alternatives);
    const DimensionEntry& flag = lexicon_.dimensions[choice.dimension];
    const bool beside = other.edge->end <= said.edge->begin
                            ? said.edge->begin - other.edge->end <= 2
                            : other.edge->begin - said.edge->end <= 3;
    if (flag.boolean && beside && same_model(flag.column, entry)) return true;
  }
  return false;
}

bool DraftReader::same_model(std::uint32_t column, const DimensionEntry& entry) const {
  if (!entry.info.is_entity && !entry.names_entity) return false;
  const std::string of_entity = local_of(entry.info.name) + "__";
  return std::any_of(lexicon_.dimensions.begin(), lexicon_.dimensions.end(),
                     [&](const DimensionEntry& other) {
                       if (other.column != column) return false;
                       return entry.info.is_entity
                                  ? other.info.name.starts_with(of_entity) ||
                                        other.info.name.find("__" + of_entity) != std::string::npos
                                  : other.info.semantic_model == entry.info.semantic_model;
                     });
}

void DraftReader::drop_dimension(const std::string& name) {
  std::erase(frame_.groups, name);
  std::erase_if(frame_.filters, [&](const Filter& filter) { return filter.dimension == name; });
  changed("grouping");
}

}  // namespace loquat::semantic::planner
