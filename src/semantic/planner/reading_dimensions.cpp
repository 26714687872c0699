#include <algorithm>
#include <array>
#include <charconv>

#include "semantic/planner/draft_reader.hpp"

/// Which dimensions the words mean, and what they limit.
namespace loquat::semantic::planner {
namespace {

/// Two dimensions closer than this answer the same words equally well.
constexpr double kSameFit = 0.1;
/// What a bare number is worth beside its dimension, above its cost as a mere number.
constexpr double kNumberUsed = 2.0;

}  // namespace

DraftReader::Choice DraftReader::choose(const std::vector<Alternative>& alternatives) const {
  Choice choice;
  double best = -1;
  const double top = alternatives.empty() ? 0 : alternatives[0].score;
  for (const Alternative& option : alternatives) {
    const bool hidden = lexicon_.dimensions[option.target].info.personal_data &&
                        !setting_.request.may_see_personal_data;
    if (!reachable(option.target) || option.score < top - kReachFit || hidden) continue;
    if (option.score > best) best = option.score;
  }
  for (const Alternative& option : alternatives) {
    const bool hidden = lexicon_.dimensions[option.target].info.personal_data &&
                        !setting_.request.may_see_personal_data;
    if (!reachable(option.target) || option.score < best - kSameFit || best < 0 || hidden) continue;
    if (option.score < top - kReachFit) continue;
    // `without organic` after organic products: the same yes or no, turned round.
    if (reading_.follow_up && lexicon_.dimensions[option.target].boolean &&
        filtered_by(lexicon_.dimensions[option.target].info.name))
      return {option.target, true, true, {}};
    if (!choice.found) {
      choice.dimension = option.target;
      choice.found = choice.reached = true;
    } else if (!same_thing(choice.dimension, option.target)) {
      choice.rivals.push_back(option.target);
    }
  }
  if (!choice.found && !alternatives.empty()) {
    choice.dimension = alternatives[0].target;
    choice.found = true;
  }
  return choice;
}

/// A row's name and its key, or one column over two paths, are no different answers.
bool DraftReader::same_thing(std::uint32_t a, std::uint32_t b) const {
  const DimensionEntry& left = lexicon_.dimensions[a];
  const DimensionEntry& right = lexicon_.dimensions[b];
  const auto key_and_name = [](const DimensionEntry& key, const DimensionEntry& name) {
    return key.info.is_entity && name.names_entity && name.path == key.info.name;
  };
  if (key_and_name(left, right) || key_and_name(right, left)) return true;
  if (left.column == right.column) return left.hops != right.hops || left.path == right.path;
  if (left.hops < right.hops && left.info.semantic_model != right.info.semantic_model) return false;
  const bool keys =
      left.info.is_entity || right.info.is_entity || left.names_entity || right.names_entity;
  return keys && left.info.semantic_model == right.info.semantic_model;
}

void DraftReader::dimensions() {
  std::vector<std::string> groups, within;
  bool ranked_seen = false;
  for (const DimensionSaid& said : draft_.dimensions) {
    if (said.edge->alternatives.empty()) continue;  // a personal column; refused elsewhere
    if (said.edge == reading_.counted && !is_flag(*said.edge)) continue;
    Choice choice = choose(said.edge->alternatives);
    if (!said.split) prefer_entity(said, choice);
    const DimensionEntry& entry = lexicon_.dimensions[choice.dimension];
    if (!choice.reached) {
      reading_.unreachable.push_back(entry.info.name);
      lack(Lack::path, entry.info.label.empty() ? entry.info.name : entry.info.label, kUnreachable);
      continue;
    }
    if (entry.info.is_time) {
      axis(entry, said);
      continue;
    }
    if (limits(said, entry)) continue;
    if (said.all && reading_.follow_up && filtered_by(entry.info.name)) {
      std::erase_if(frame_.filters,
                    [&](const Filter& filter) { return filter.dimension == entry.info.name; });
      changed("filter");
      continue;
    }
    if (said.excluded && reading_.follow_up && removes()) {
      drop_dimension(entry.info.name);
      continue;
    }
    // Half a name, and that mistyped: a guess. And a booking is no group booking yet.
    const bool half = said.edge->missing > 0.3;
    if (half && said.edge->doubt > 0.1) misfit(words_of(*said.edge), 0.6);
    if (half && entry.boolean && said.edge->head_said) misfit(words_of(*said.edge), 0.9);
    if (entry.boolean && !said.split) {
      add_filter(
          {said.excluded ? Filter::Kind::is_false : Filter::Kind::is_true, entry.info.name, {}});
      continue;
    }
    const bool listed_by =
        said.leads && draft_.by_metric && draft_.excluded_something;  // hotels other than X by rate
    if (!said.split && !listed_by && qualifies_value(said, choice.dimension)) continue;
    if (said.excluded) {
      left_empty(said, entry);
      continue;
    }
    // Top 5 star hotels: the five best of a star, or hotels of five stars?
    if (said.ranked && entry.numeric && draft_.rank != nullptr &&
        draft_.rank->end == said.edge->begin && occurs(entry, draft_.rank->number))
      misfit(words_of(*said.edge));
    if (!said.split && !groups_unsaid(said, choice.dimension)) continue;
    if (std::find(groups.begin(), groups.end(), entry.info.name) != groups.end()) continue;
    // Revenue per order is an average, not a list of every order.
    // And per account, which has a key but no name, is no list of keys either.
    const bool bare_key = entry.info.is_entity && !has_name(entry) && draft_.rank == nullptr &&
                          draft_.thresholds.empty();
    const bool per = said.per || word_before(*said.edge) == "per";
    const bool every_row = said.split && own_rows(entry) && draft_.rank == nullptr &&
                           draft_.thresholds.empty() && !says_key(*said.edge);
    if (every_row || (per && (own_rows(entry) || bare_key))) misfit(words_of(*said.edge));
    if (ranked_seen && said.per) within.push_back(entry.info.name);
    ranked_seen = ranked_seen || said.ranked;
    groups.push_back(entry.info.name);
    if (!choice.rivals.empty()) note_rivals(choice, groups);
  }
  within_ = std::move(within);
  put_groups(std::move(groups));
}

/// A noun that is not split by is rather the thing itself than one of its attributes.
void DraftReader::prefer_entity(const DimensionSaid& said, Choice& choice) const {
  if (lexicon_.dimensions[choice.dimension].names_entity) return;
  for (const Alternative& option : said.edge->alternatives) {
    const DimensionEntry& entry = lexicon_.dimensions[option.target];
    const bool entity = entry.info.is_entity || entry.names_entity;
    const bool hidden = entry.info.personal_data && !setting_.request.may_see_personal_data;
    if (!entity || hidden || !reachable(option.target)) continue;
    if (option.score < said.edge->alternatives[0].score - kReachFit) continue;
    choice.dimension = option.target;
    choice.found = choice.reached = true;
    choice.rivals.clear();
    return;
  }
}

bool DraftReader::says_key(const Edge& edge) const {
  for (std::size_t i = edge.begin; i < std::min(edge.end + 1, setting_.tokens.size()); ++i)
    for (const std::string_view word : {"id", "ids", "number", "key", "code", "no"})
      if (setting_.tokens[i].text == word) return true;
  return false;
}

bool DraftReader::has_name(const DimensionEntry& key) const {
  return std::any_of(
      lexicon_.dimensions.begin(), lexicon_.dimensions.end(), [&](const DimensionEntry& other) {
        return other.names_entity && other.path == key.info.name && !other.info.personal_data;
      });
}

/// The key of the very rows that a metric adds up.
bool DraftReader::own_rows(const DimensionEntry& entry) const {
  if (!entry.info.is_entity) return false;
  const auto& models = lexicon_.index().project().semantic_models;
  return std::any_of(models.begin(), models.end(), [&](const contracts::SemanticModel& model) {
    const bool key = std::any_of(
        model.entities.begin(), model.entities.end(), [&](const contracts::Entity& entity) {
          return entity.name == entry.info.name && entity.type == contracts::EntityType::primary;
        });
    return key && std::any_of(model.measures.begin(), model.measures.end(),
                              [&](const contracts::Measure& measure) { return measured(measure); });
  });
}

bool DraftReader::measured(const contracts::Measure& measure) const {
  return std::any_of(metric_ids_.begin(), metric_ids_.end(), [&](std::uint32_t id) {
    return uses(*lexicon_.metrics[id].metric, measure.name, 0);
  });
}

bool DraftReader::uses(const contracts::Metric& metric, const std::string& measure,
                       int depth) const {
  constexpr int kDepthMax = 8;
  if (metric.measure && metric.measure->measure == measure) return true;
  if (depth == kDepthMax) return false;
  const auto through = [&](const contracts::MetricInput& input) {
    const contracts::Metric* inner = lexicon_.index().metric(input.metric);
    return inner != nullptr && uses(*inner, measure, depth + 1);
  };
  return (metric.numerator && through(*metric.numerator)) ||
         (metric.denominator && through(*metric.denominator)) ||
         std::any_of(metric.inputs.begin(), metric.inputs.end(), through);
}

bool DraftReader::removes() const {
  return draft_.remove || (!draft_.query_parts.empty() && draft_.excluded_something);
}

bool DraftReader::filtered_by(const std::string& name) const {
  return std::any_of(frame_.filters.begin(), frame_.filters.end(),
                     [&](const Filter& filter) { return filter.dimension == name; });
}

/// The last word before that is no article.
std::string_view DraftReader::word_before(const Edge& edge) const {
  for (std::size_t at = edge.begin; at > 0;) {
    const std::string& word = setting_.tokens[--at].text;
    if (word != "a" && word != "an" && word != "the" && word != "any" && word != "our" &&
        word != "all")
      return word;
  }
  return "";
}

/// `with a credit limit over 4,000`: a limit on the dimension, not on the metric.
bool DraftReader::limits(const DimensionSaid& said, const DimensionEntry& entry) {
  bool any = false;
  for (const ThresholdSaid& threshold : draft_.thresholds) {
    if (threshold.dimension != said.edge || !entry.numeric) continue;
    const std::string subject = subject_of(entry.info.name);
    const Edge& edge = *threshold.edge;
    if (edge.sign == "=") {
      reading_.score += kNumberUsed;
      reading_.doubt += 0.04 + 0.1 * std::min(said.edge->missing, 2.0);
      if (threshold.sign == "=" && !occurs(entry, edge.number))
        lack(Lack::value, entry.info.label.empty() ? entry.info.name : entry.info.label, 0);
    }
    const bool listed = threshold.sign == "=" && append_number(subject, edge.number);
    used_thresholds_.push_back(&edge);
    if (listed) continue;
    add_filter({Filter::Kind::raw,
                entry.info.name,
                {subject + " " + threshold.sign + " " + plain_number(edge.number)}});
    if (edge.number_to)
      frame_.filters.push_back(
          {Filter::Kind::raw, entry.info.name, {subject + " <= " + plain_number(*edge.number_to)}});
    any = true;
  }
  return any;
}

/// `3 star and 4 star hotels`: one list of numbers, no two conditions at once.
bool DraftReader::append_number(const std::string& subject, double number) {
  for (Filter& filter : frame_.filters) {
    if (filter.kind != Filter::Kind::raw || filter.values.empty()) continue;
    std::string& text = filter.values[0];
    if (text.starts_with(subject + " = ")) {
      const std::string first = text.substr(subject.size() + 3);
      text = subject + " IN (" + first + ", " + plain_number(number) + ")";
      return true;
    }
    if (text.starts_with(subject + " IN (")) {
      text.insert(text.size() - 1, ", " + plain_number(number));
      return true;
    }
  }
  return false;
}

bool DraftReader::occurs(const DimensionEntry& entry, double number) const {
  const auto* values = lexicon_.values_of(entry.column);
  if (values == nullptr) return false;
  return std::any_of(values->begin(), values->end(), [&](std::uint32_t id) {
    const std::string& text = lexicon_.values[id].text;
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() && value == number;
  });
}

std::string DraftReader::plain_number(double value) {
  std::array<char, 32> text{};
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed).ptr;
  return {text.data(), end};
}

/// `orders without a promo code`; another exclusion of a whole dimension says nothing.
void DraftReader::left_empty(const DimensionSaid& said, const DimensionEntry& entry) {
  if (word_before(*said.edge) == "without" && !entry.info.is_entity) {
    add_filter({Filter::Kind::raw, entry.info.name, {subject_of(entry.info.name) + " IS NULL"}});
    reading_.doubt += 0.1;
    return;
  }
  lack(Lack::value, entry.info.label.empty() ? entry.info.name : entry.info.label, kMisfit);
}

/// A value or a yes-no word stands right before.
bool DraftReader::follows_a_filter(const Edge& edge) const {
  for (const ValueSaid& value : draft_.values)
    if (value.edge->end <= edge.begin && edge.begin - value.edge->end <= 1) return true;
  for (const DimensionSaid& other : draft_.dimensions)
    if (other.edge->end <= edge.begin && edge.begin - other.edge->end <= 1 &&
        !other.edge->alternatives.empty() &&
        lexicon_.dimensions[choose(other.edge->alternatives).dimension].boolean)
      return true;
  return false;
}

}  // namespace loquat::semantic::planner
