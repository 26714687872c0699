// long: one reading of one question, in the order in which evidence is weighed.
#include "semantic/planner/reading.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "semantic/language/time_words.hpp"
#include "semantic/language/word_forms.hpp"

namespace loquat::semantic::planner {
namespace {

constexpr double kNoMetric = 2.0;
/// `only reefer containers` limits what was asked; it hardly asks for something else.
constexpr double kOnlyMetric = 0.8;
constexpr double kEllipsis = 0.6;  ///< half a name whose other half the last question said
constexpr double kCounted = 0.2;   ///< a count that no metric makes yields to a metric said in full
constexpr double kUnreachable = 1.2;
constexpr double kMisfit = 1.2;  ///< a part of the grammar that finds nothing to act on
/// Two dimensions closer than this answer the same words equally well.
constexpr double kSameFit = 0.1;
constexpr double kReachFit = 0.35;
/// A value that stands in two columns closer than this is asked about.
constexpr double kSameValueFit = 0.25;
constexpr double kDirection = 0.5;
/// What a bare number is worth beside its dimension, above its cost as a mere number.
constexpr double kNumberUsed = 2.0;

std::string local_of(const std::string& name) {
  const auto at = name.rfind("__");
  return at == std::string::npos ? name : name.substr(at + 2);
}

class DraftReader {
 public:
  DraftReader(const Setting& setting, const Draft& draft, bool as_change)
      : setting_(setting), lexicon_(setting.lexicon), draft_(draft) {
    reading_.draft = draft;
    reading_.score = draft.score;
    reading_.doubt = draft.doubt;
    reading_.follow_up = as_change;
    reading_.unknown = draft.unknown;
    if (as_change) frame_ = to_frame(lexicon_, setting.request.previous->query);
  }

  Reading run() {
    parts_named();
    metrics();
    dimensions();
    values();
    grains();
    periods();
    operations();
    context();
    needed_grain();
    interrogative();
    counted_without_date();
    finish();
    return std::move(reading_);
  }

 private:
  void lack(Lack kind, std::string what, double cost) {
    reading_.score -= cost;
    if (reading_.lack != Lack::nothing) return;
    reading_.lack = kind;
    reading_.lacking = std::move(what);
  }
  void changed(std::string what) {
    auto& list = reading_.changed;
    if (std::find(list.begin(), list.end(), what) == list.end()) list.push_back(std::move(what));
  }
  /// A part of the question that finds nothing to act on: never dropped without a word.
  void misfit(std::string what, double cost = kMisfit) {
    lack(Lack::misfit, std::move(what), cost);
  }
  [[nodiscard]] std::string words_of(const Edge& edge) const {
    std::string text;
    for (std::size_t i = edge.begin; i < edge.end; ++i)
      text += (text.empty() ? "" : " ") + setting_.tokens[i].shown;
    return "\"" + text + "\"";
  }

  // ------------------------------------------------- parts of the last query
  void parts_named() {
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
  [[nodiscard]] bool denies_a_flag(const Edge& edge) const {
    if (edge.kind != EdgeKind::operation || edge.op != Op::negate) return false;
    return std::any_of(
        draft_.dimensions.begin(), draft_.dimensions.end(), [&](const DimensionSaid& said) {
          return said.excluded && said.edge->begin == edge.end && is_flag(*said.edge);
        });
  }

  /// `per month instead of depot`: what the last question had goes, what is said comes.
  void replace(const Edge& edge) {
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

  void drop_part(const std::string& part) {
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
  void other_one() {
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

  void other_values(std::size_t at, std::vector<Frame>& choices) const {
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

  void other_metrics(std::vector<Frame>& choices) const {
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

  // ---------------------------------------------------------------- metrics
  void metrics() {
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
  [[nodiscard]] bool continues_the_last(const Edge& edge) const {
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
  void count_entity() {
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
  [[nodiscard]] std::string counted_by(const Edge& edge) const {
    if (!is_flag(edge)) return entity_meant(edge);
    const DimensionEntry& flag = lexicon_.dimensions[edge.alternatives[0].target];
    return edge.end - edge.begin > 1 && !flag.path.empty() ? local_of(flag.path) : "";
  }

  /// The entity that a noun stands for; none if it names none, or two as well.
  [[nodiscard]] std::string entity_meant(const Edge& edge) const {
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
  [[nodiscard]] static bool over_time(const contracts::Metric& metric) {
    return metric.type == contracts::MetricType::cumulative ||
           std::any_of(metric.inputs.begin(), metric.inputs.end(),
                       [](const contracts::MetricInput& input) { return input.offset_window; });
  }

  /// `also revenue`; a lone "and" asks for the other metric, it does not add one.
  [[nodiscard]] bool said_with_and() const { return draft_.add; }

  void drop_metric_parts() {
    frame_.having.clear();
    if (frame_.sort_descending) frame_.sort_descending.reset();
  }

  [[nodiscard]] bool reachable(std::uint32_t dimension) const {
    return std::all_of(metric_ids_.begin(), metric_ids_.end(),
                       [&](std::uint32_t id) { return lexicon_.metrics[id].reaches[dimension]; });
  }

  // ------------------------------------------------------------- dimensions
  struct Choice {
    std::uint32_t dimension = 0;
    bool found = false, reached = false;
    std::vector<std::uint32_t> rivals;
  };

  [[nodiscard]] Choice choose(const std::vector<Alternative>& alternatives) const {
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
      if (!reachable(option.target) || option.score < best - kSameFit || best < 0 || hidden)
        continue;
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
  [[nodiscard]] bool same_thing(std::uint32_t a, std::uint32_t b) const {
    const DimensionEntry& left = lexicon_.dimensions[a];
    const DimensionEntry& right = lexicon_.dimensions[b];
    const auto key_and_name = [](const DimensionEntry& key, const DimensionEntry& name) {
      return key.info.is_entity && name.names_entity && name.path == key.info.name;
    };
    if (key_and_name(left, right) || key_and_name(right, left)) return true;
    if (left.column == right.column) return left.hops != right.hops || left.path == right.path;
    if (left.hops < right.hops && left.info.semantic_model != right.info.semantic_model)
      return false;
    const bool keys =
        left.info.is_entity || right.info.is_entity || left.names_entity || right.names_entity;
    return keys && left.info.semantic_model == right.info.semantic_model;
  }

  void dimensions() {
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
        lack(Lack::path, entry.info.label.empty() ? entry.info.name : entry.info.label,
             kUnreachable);
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
      const bool listed_by = said.leads && draft_.by_metric &&
                             draft_.excluded_something;  // hotels other than X by rate
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
  void prefer_entity(const DimensionSaid& said, Choice& choice) const {
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

  [[nodiscard]] bool says_key(const Edge& edge) const {
    for (std::size_t i = edge.begin; i < std::min(edge.end + 1, setting_.tokens.size()); ++i)
      for (const std::string_view word : {"id", "ids", "number", "key", "code", "no"})
        if (setting_.tokens[i].text == word) return true;
    return false;
  }

  [[nodiscard]] bool has_name(const DimensionEntry& key) const {
    return std::any_of(
        lexicon_.dimensions.begin(), lexicon_.dimensions.end(), [&](const DimensionEntry& other) {
          return other.names_entity && other.path == key.info.name && !other.info.personal_data;
        });
  }

  /// The key of the very rows that a metric adds up.
  [[nodiscard]] bool own_rows(const DimensionEntry& entry) const {
    if (!entry.info.is_entity) return false;
    const auto& models = lexicon_.index().project().semantic_models;
    return std::any_of(models.begin(), models.end(), [&](const contracts::SemanticModel& model) {
      const bool key = std::any_of(
          model.entities.begin(), model.entities.end(), [&](const contracts::Entity& entity) {
            return entity.name == entry.info.name && entity.type == contracts::EntityType::primary;
          });
      return key &&
             std::any_of(model.measures.begin(), model.measures.end(),
                         [&](const contracts::Measure& measure) { return measured(measure); });
    });
  }
  [[nodiscard]] bool measured(const contracts::Measure& measure) const {
    return std::any_of(metric_ids_.begin(), metric_ids_.end(), [&](std::uint32_t id) {
      return uses(*lexicon_.metrics[id].metric, measure.name, 0);
    });
  }
  [[nodiscard]] bool uses(const contracts::Metric& metric, const std::string& measure,
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

  [[nodiscard]] bool removes() const {
    return draft_.remove || (!draft_.query_parts.empty() && draft_.excluded_something);
  }

  [[nodiscard]] bool filtered_by(const std::string& name) const {
    return std::any_of(frame_.filters.begin(), frame_.filters.end(),
                       [&](const Filter& filter) { return filter.dimension == name; });
  }

  /// The last word before that is no article.
  [[nodiscard]] std::string_view word_before(const Edge& edge) const {
    for (std::size_t at = edge.begin; at > 0;) {
      const std::string& word = setting_.tokens[--at].text;
      if (word != "a" && word != "an" && word != "the" && word != "any" && word != "our" &&
          word != "all")
        return word;
    }
    return "";
  }

  /// `with a credit limit over 4,000`: a limit on the dimension, not on the metric.
  bool limits(const DimensionSaid& said, const DimensionEntry& entry) {
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
        frame_.filters.push_back({Filter::Kind::raw,
                                  entry.info.name,
                                  {subject + " <= " + plain_number(*edge.number_to)}});
      any = true;
    }
    return any;
  }

  /// `3 star and 4 star hotels`: one list of numbers, no two conditions at once.
  bool append_number(const std::string& subject, double number) {
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

  [[nodiscard]] bool occurs(const DimensionEntry& entry, double number) const {
    const auto* values = lexicon_.values_of(entry.column);
    if (values == nullptr) return false;
    return std::any_of(values->begin(), values->end(), [&](std::uint32_t id) {
      const std::string& text = lexicon_.values[id].text;
      double value = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      return error == std::errc{} && end == text.data() + text.size() && value == number;
    });
  }

  [[nodiscard]] static std::string plain_number(double value) {
    std::array<char, 32> text{};
    const auto end =
        std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed).ptr;
    return {text.data(), end};
  }

  /// `orders without a promo code`; another exclusion of a whole dimension says nothing.
  void left_empty(const DimensionSaid& said, const DimensionEntry& entry) {
    if (word_before(*said.edge) == "without" && !entry.info.is_entity) {
      add_filter({Filter::Kind::raw, entry.info.name, {subject_of(entry.info.name) + " IS NULL"}});
      reading_.doubt += 0.1;
      return;
    }
    lack(Lack::value, entry.info.label.empty() ? entry.info.name : entry.info.label, kMisfit);
  }

  /// A value or a yes-no word stands right before.
  [[nodiscard]] bool follows_a_filter(const Edge& edge) const {
    for (const ValueSaid& value : draft_.values)
      if (value.edge->end <= edge.begin && edge.begin - value.edge->end <= 1) return true;
    for (const DimensionSaid& other : draft_.dimensions)
      if (other.edge->end <= edge.begin && edge.begin - other.edge->end <= 1 &&
          !other.edge->alternatives.empty() &&
          lexicon_.dimensions[choose(other.edge->alternatives).dimension].boolean)
        return true;
    return false;
  }

  /// Whether a dimension that nobody asked to split by is to be grouped by all the same.
  bool groups_unsaid(const DimensionSaid& said, std::uint32_t dimension) {
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
    const bool having = before == "with" || before == "had" || before == "has" ||
                        before == "have" || before == "having";
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

  void note_rivals(const Choice& choice, const std::vector<std::string>& groups) {
    reading_.ambiguous_dimension = true;
    for (const std::uint32_t rival : choice.rivals)
      swaps_.push_back({groups.back(), lexicon_.dimensions[rival].info.name, false});
  }

  void put_groups(std::vector<std::string> groups) {
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
  void axis(const DimensionEntry& entry, const DimensionSaid& said) {
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
  [[nodiscard]] bool says_only_date(const Edge& edge) const {
    if (edge.missing < 0.3) return false;
    for (std::size_t i = edge.begin; i < edge.end; ++i) {
      const Token& token = setting_.tokens[i];
      if (token.stem != "date" && token.stem != "time" && token.stem != "day" &&
          token.stem != "timestamp")
        return false;
    }
    return true;
  }
  void put_axis(const DimensionEntry& entry, const DimensionSaid& said) {
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
  [[nodiscard]] const DimensionEntry* other_date(const DimensionEntry& entry,
                                                 const Edge& edge) const {
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

  [[nodiscard]] bool own_axis(const contracts::Metric& metric, const DimensionEntry& entry) const {
    if (!metric.measure) return false;
    for (const auto& model : lexicon_.index().project().semantic_models)
      for (const auto& measure : model.measures)
        if (measure.name == metric.measure->measure)
          return measure.agg_time_dimension == local_of(entry.info.name) &&
                 entry.info.semantic_model == model.name;
    return false;
  }

  /// `the HARVEST10 promotion`, `depot Elm Hill`, `organic products`: the noun of a value.
  [[nodiscard]] bool qualifies_value(const DimensionSaid& said, std::uint32_t dimension) const {
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

  [[nodiscard]] bool same_model(std::uint32_t column, const DimensionEntry& entry) const {
    if (!entry.info.is_entity && !entry.names_entity) return false;
    const std::string of_entity = local_of(entry.info.name) + "__";
    return std::any_of(
        lexicon_.dimensions.begin(), lexicon_.dimensions.end(), [&](const DimensionEntry& other) {
          if (other.column != column) return false;
          return entry.info.is_entity
                     ? other.info.name.starts_with(of_entity) ||
                           other.info.name.find("__" + of_entity) != std::string::npos
                     : other.info.semantic_model == entry.info.semantic_model;
        });
  }

  void drop_dimension(const std::string& name) {
    std::erase(frame_.groups, name);
    std::erase_if(frame_.filters, [&](const Filter& filter) { return filter.dimension == name; });
    changed("grouping");
  }

  // ----------------------------------------------------------------- values
  void values() {
    struct Found {
      std::string dimension;
      std::vector<std::string> texts;
      bool excluded = false;
    };
    std::vector<Found> found;
    for (const ValueSaid& said : draft_.values) {
      const Alternative* best = nullptr;
      std::uint32_t dimension = 0;
      double best_fit = -1e9;
      for (const Alternative& option : said.edge->alternatives)
        for (std::uint32_t id = 0; id < lexicon_.dimensions.size(); ++id) {
          const DimensionEntry& entry = lexicon_.dimensions[id];
          if (entry.column != option.column || !reachable(id)) continue;
          const double fit = value_fit(*said.edge, option, id);
          if (fit > best_fit + 1e-9) {
            best_fit = fit;
            best = &option;
            dimension = id;
          }
        }
      if (best == nullptr) {
        lack(Lack::path, lexicon_.values[said.edge->alternatives[0].target].text, kUnreachable);
        continue;
      }
      const std::string& name = lexicon_.dimensions[dimension].info.name;
      const std::string& text = lexicon_.values[best->target].text;
      note_value_rivals(*said.edge, *best, dimension, best_fit);
      auto same = std::find_if(found.begin(), found.end(), [&](const Found& item) {
        return item.dimension == name && item.excluded == said.excluded;
      });
      if (same == found.end()) {
        found.push_back({name, {}, said.excluded});
        same = found.end() - 1;
      }
      if (std::find(same->texts.begin(), same->texts.end(), text) == same->texts.end())
        same->texts.push_back(text);
    }
    for (Found& item : found) {
      const bool side_by_side =
          item.texts.size() > 1 && !item.excluded && (draft_.compare || draft_.each);
      if (side_by_side) {
        reading_.score += 0.4;
        if (std::find(frame_.groups.begin(), frame_.groups.end(), item.dimension) ==
            frame_.groups.end())
          frame_.groups.push_back(item.dimension);
      }
      share_of_value(item.dimension, item.texts.size());
      if (dropped_for_share_) continue;
      add_filter({item.excluded ? Filter::Kind::not_in : Filter::Kind::is_in, item.dimension,
                  std::move(item.texts)});
    }
  }

  [[nodiscard]] double value_fit(const Edge& edge, const Alternative& option,
                                 std::uint32_t dimension) const {
    const DimensionEntry& entry = lexicon_.dimensions[dimension];
    double fit = option.score - 0.2 * static_cast<double>(entry.hops);
    if (mentioned(dimension)) fit += 1;
    const std::string_view before = word_before(edge);
    const bool from = before == "from", to = before == "to" || before == "into";
    if (from || to) {
      if (entry.direction == Direction::origin) fit += from ? kDirection : -kDirection;
      if (entry.direction == Direction::destination) fit += to ? kDirection : -kDirection;
    }
    return fit;
  }

  /// The same text in two columns that are as near: nobody can tell which was meant.
  void note_value_rivals(const Edge& edge, const Alternative& best, std::uint32_t dimension,
                         double best_fit) {
    const DimensionEntry& chosen = lexicon_.dimensions[dimension];
    std::vector<std::uint32_t> rivals;
    for (const Alternative& option : edge.alternatives)
      for (std::uint32_t id = 0; id < lexicon_.dimensions.size(); ++id) {
        const DimensionEntry& entry = lexicon_.dimensions[id];
        if (entry.column != option.column || id == dimension || !reachable(id)) continue;
        if (option.target != best.target) continue;
        const double gap = best_fit - value_fit(edge, option, id);
        const bool same_kind = entry.concept_word != 0 && entry.concept_word == chosen.concept_word;
        if (gap > (same_kind ? 0.3 : kSameValueFit) || entry.path == chosen.path) {
          const bool beside = entry.path == chosen.path && entry.column != chosen.column;
          if (!beside || gap > kSameValueFit) continue;
        }
        if (entry.column == chosen.column && entry.hops != chosen.hops) continue;
        if (std::find(rivals.begin(), rivals.end(), id) == rivals.end()) rivals.push_back(id);
      }
    if (rivals.empty()) return;
    if (reading_.follow_up && filtered_by(chosen.info.name)) return;
    reading_.ambiguous_dimension = true;
    for (const std::uint32_t rival : rivals)
      swaps_.push_back({chosen.info.name, lexicon_.dimensions[rival].info.name, true});
  }

  /// "What share of revenue is organic": the part needs the whole beside it.
  void share_of_value(const std::string& dimension, std::size_t count) {
    dropped_for_share_ = false;
    if (!draft_.share || reading_.follow_up || !frame_.groups.empty() || count == 0) return;
    if (!draft_.grains.empty()) return;
    frame_.groups.push_back(dimension);
    dropped_for_share_ = true;
  }

  [[nodiscard]] bool mentioned(std::uint32_t dimension) const {
    const std::uint32_t column = lexicon_.dimensions[dimension].column;
    for (const DimensionSaid& said : draft_.dimensions)
      for (const Alternative& option : said.edge->alternatives)
        if (option.target == dimension || lexicon_.dimensions[option.target].column == column)
          return true;
    return false;
  }

  /// `add Northgate`, `not Northgate`: one value more or less of the list that is there.
  bool merged_into_last(const Filter& filter) {
    for (Filter& last : frame_.filters) {
      if (last.dimension != filter.dimension) continue;
      if (last.kind == Filter::Kind::not_in && filter.kind == Filter::Kind::is_in && draft_.add)
        return taken_back(last, filter);
      if (last.kind != Filter::Kind::is_in) continue;
      if (filter.kind == Filter::Kind::is_in && draft_.add) {
        for (const std::string& value : filter.values)
          if (std::find(last.values.begin(), last.values.end(), value) == last.values.end())
            last.values.push_back(value);
        return true;
      }
      if (filter.kind != Filter::Kind::not_in) continue;
      std::vector<std::string> left;
      for (const std::string& value : last.values)
        if (std::find(filter.values.begin(), filter.values.end(), value) == filter.values.end())
          left.push_back(value);
      if (left.size() == last.values.size()) continue;
      if (left.empty()) {
        if (!removes()) continue;
        std::erase_if(frame_.filters, [&](const Filter& other) {
          return other.dimension == filter.dimension && other.kind == Filter::Kind::is_in;
        });
        return true;
      }
      last.values = std::move(left);
      return true;
    }
    return false;
  }

  /// `include Expedia again`: what was left out comes back.
  bool taken_back(Filter& last, const Filter& filter) {
    const std::size_t before = last.values.size();
    std::erase_if(last.values, [&](const std::string& value) {
      return std::find(filter.values.begin(), filter.values.end(), value) != filter.values.end();
    });
    if (last.values.size() == before) return false;
    const std::string dimension = last.dimension;
    if (last.values.empty())
      std::erase_if(frame_.filters, [&](const Filter& other) {
        return other.dimension == dimension && other.kind == Filter::Kind::not_in;
      });
    return true;
  }

  void add_filter(Filter filter) {
    if (reading_.follow_up) {
      changed("filter");
      if (merged_into_last(filter)) return;
      // Nothing was left out that could come back, and a filter would leave more out.
      if (draft_.include && filter.kind == Filter::Kind::is_in)
        return misfit(filter.values.empty() ? filter.dimension : "\"" + filter.values[0] + "\"");
      std::erase_if(frame_.filters,
                    [&](const Filter& other) { return other.dimension == filter.dimension; });
    }
    frame_.filters.push_back(std::move(filter));
  }

  // ------------------------------------------------------------------- time
  void grains() {
    const Edge* chosen = nullptr;
    for (const Edge* edge : draft_.grains) {
      const bool joined = edge->begin > 0 && setting_.tokens[edge->begin - 1].text == "and";
      if (edge->weak && draft_.grains.size() > 1 && !joined) continue;
      // By year and month: the months tell the years too.
      if (chosen == nullptr || edge->grain < chosen->grain) chosen = edge;
    }
    if (chosen == nullptr && !draft_.grains.empty()) chosen = draft_.grains.front();
    if (chosen != nullptr) {
      if (chosen->weak && !draft_.which && !reading_.follow_up) reading_.score -= 0.3;
      frame_.grain = chosen->grain;
      if (reading_.follow_up) {
        changed("grain");
        if (draft_.instead && !replaced_groups_ && draft_.replaced.empty() &&
            draft_.dimensions.empty() && !frame_.groups.empty()) {
          frame_.groups.clear();
          changed("grouping");
        }
        frame_.date_part.clear();
        frame_.rank.reset();
      }
    }
    for (const Edge* edge : draft_.parts) weekday(*edge);
  }

  void weekday(const Edge& edge) {
    if (edge.weekdays.empty() || draft_.compare || draft_.each) {
      // Groups of days side by side are no grouping that a query has.
      if (edge.weekdays.size() > 1) misfit(words_of(edge));
      const bool named_days =
          draft_.parts.size() > 1 &&
          std::all_of(draft_.parts.begin(), draft_.parts.end(),
                      [](const Edge* part) { return part->weekdays.size() == 1; });
      if (named_days) filter_weekdays();
      frame_.date_part = edge.part;
      if (reading_.follow_up) {
        frame_.grain.reset();
        changed("grouping");
      }
      return;
    }
    filter_weekdays();
  }

  void filter_weekdays() {
    if (days_filtered_) return;
    days_filtered_ = true;
    std::vector<int> days;
    for (const Edge* other : draft_.parts)
      days.insert(days.end(), other->weekdays.begin(), other->weekdays.end());
    std::sort(days.begin(), days.end());
    days.erase(std::unique(days.begin(), days.end()), days.end());
    std::string list;
    for (const int day : days) list += (list.empty() ? "" : ", ") + std::to_string(day);
    const std::string subject = "{{ TimeDimension('" + frame_.axis + "', date_part_name='dow') }}";
    std::erase_if(frame_.filters, [&](const Filter& filter) {
      return filter.kind == Filter::Kind::raw && filter.values[0].starts_with(subject);
    });
    frame_.filters.push_back(
        {Filter::Kind::raw,
         "",
         {subject + (draft_.excluded_parts ? " NOT" : "") + " IN (" + list + ")"}});
    if (reading_.follow_up) changed("filter");
  }

  /// `bookings made last week`, where a date beside the metric's own is when they were made: the
  /// verb before a period that only that date's name or description has.
  void date_by_verb() {
    if (frame_.axis != "metric_time" || draft_.times.empty() || metric_ids_.empty()) return;
    const std::size_t begin = draft_.times.front()->begin;
    if (begin == 0) return;
    std::size_t at = begin - 1;
    while (at > 0 && language::is_function_text(setting_.tokens[at].text)) --at;
    const Token& verb = setting_.tokens[at];
    if (!language::is_participle(verb.text) || !language::is_filler(verb)) return;
    const DimensionEntry* found = nullptr;
    bool own = false;
    for (std::uint32_t id = 0; id < lexicon_.dimensions.size(); ++id) {
      const DimensionEntry& date = lexicon_.dimensions[id];
      if (!date.info.is_time || date.info.name == "metric_time" || !reachable(id)) continue;
      const contracts::Metric& metric = *lexicon_.metrics[metric_ids_.front()].metric;
      const bool is_own = own_axis(metric, date);
      const auto words = language::words_of_name(date.info.name + " " + date.info.label + " " +
                                                 date.info.description);
      const bool says = std::any_of(words.begin(), words.end(),
                                    [&](const Token& word) { return word.stem == verb.stem; });
      if (!says) continue;
      own = own || is_own;
      if (found == nullptr || date.hops < found->hops) found = &date;
    }
    if (own || found == nullptr) return;
    frame_.axis = found->info.name;
    reading_.doubt += 0.1;
    changed("date");
  }

  void periods() {
    date_by_verb();
    std::vector<DateRange> ranges;
    for (const Edge* edge : draft_.times)
      if (std::find(ranges.begin(), ranges.end(), edge->range) == ranges.end())
        ranges.push_back(edge->range);
    if (!ranges.empty()) {
      if (reading_.follow_up) changed("period");
      const bool against_previous =
          draft_.compare && reading_.follow_up && ranges.size() == 1 && frame_.range.start;
      if (against_previous) {
        compare_with(ranges[0]);
      } else {
        frame_.comparison.reset();
        frame_.range = ranges[0];
        if (ranges.size() == 2) second_period(ranges[1]);
        if (ranges.size() > 2) misfit("more than two periods");
      }
    } else if (draft_.everything && reading_.follow_up) {
      frame_.range = {};
      changed("period");
    }
    for (const Edge* edge : draft_.excluded_times) exclude_period(*edge);
    if (draft_.previous_period || draft_.last_year) {
      relative_comparison();
      if (reading_.follow_up) changed("comparison");
    }
    if (!frame_.range.start && frame_.range.end && setting_.request.data_start &&
        *setting_.request.data_start <= *frame_.range.end)
      frame_.range.start = setting_.request.data_start;
  }

  /// `2024 without December`: cut off where it stands at an end of the period, else filtered out.
  void exclude_period(const Edge& edge) {
    DateRange out = edge.range;
    const DateRange& whole = frame_.range;
    if (!out.start || !out.end || (!edge.has_year && (!whole.start || !whole.end)))
      return misfit(words_of(edge));
    if (!edge.has_year && !place_in(whole, out)) return misfit(words_of(edge));
    if (reading_.follow_up) changed("period");
    const bool inside = whole.start && whole.end && *whole.start <= *out.start &&
                        *out.end <= *whole.end && !(out == whole);
    if (whole.start && whole.end && !inside) return misfit(words_of(edge));
    if (inside && *out.end == *whole.end) {
      frame_.range.end = language::add_days(*out.start, -1);
    } else if (inside && *out.start == *whole.start) {
      frame_.range.start = language::add_days(*out.end, 1);
    } else {
      frame_.filters.push_back({Filter::Kind::raw, "", {without_period(frame_.axis, out)}});
    }
  }

  /// The one year of `whole` in which a bare month or day can be meant.
  static bool place_in(const DateRange& whole, DateRange& out) {
    std::vector<DateRange> fits;
    for (int year = int(whole.start->year()); year <= int(whole.end->year()); ++year) {
      const int months = 12 * (year - int(out.start->year()));
      const Date start = language::add_months(*out.start, months);
      const Date next = language::add_months(language::add_days(*out.end, 1), months);
      const DateRange there{start, language::add_days(next, -1)};
      if (*whole.start <= *there.start && *there.end <= *whole.end) fits.push_back(there);
    }
    if (fits.size() != 1) return false;
    out = fits[0];
    return true;
  }

  void second_period(const DateRange& second) {
    if (draft_.compare) {
      compare_with(second);
      return;
    }
    DateRange& first = frame_.range;
    if (!first.start || !first.end || !second.start || !second.end) {
      misfit("a second period");
    } else if (*first.start <= *second.start && *second.end <= *first.end) {
      first = second;
    } else if (*second.start <= *first.start && *first.end <= *second.end) {
      return;
    } else if (language::days_between(*first.end, *second.start) == 1) {
      first.end = second.end;
    } else {
      misfit("a second period");
    }
  }

  void compare_with(DateRange other) {
    if (!other.start || !other.end || !frame_.range.start || !frame_.range.end) {
      misfit("the comparison");
      return;
    }
    // June compared with last year: with June of last year.
    const int own = language::days_between(*frame_.range.start, *frame_.range.end) + 1;
    const int theirs = language::days_between(*other.start, *other.end) + 1;
    const int years = int(frame_.range.start->year()) - int(other.start->year());
    if (theirs >= 365 && own < 200 && years > 0)
      other = {language::add_months(*frame_.range.start, -12 * years),
               language::add_months(*frame_.range.end, -12 * years)};
    const bool year_apart = language::add_months(*frame_.range.start, -12) == *other.start &&
                            language::add_months(*frame_.range.end, -12) == *other.end;
    frame_.comparison =
        MetricQuery::Comparison{year_apart ? MetricQuery::Comparison::To::same_period_last_year
                                           : MetricQuery::Comparison::To::previous_period,
                                *other.start, *other.end};
  }

  void relative_comparison() {
    if (!frame_.range.start || !frame_.range.end) {
      lack(Lack::period, "", kMisfit);
      return;
    }
    const Date start = *frame_.range.start, end = *frame_.range.end;
    using To = MetricQuery::Comparison::To;
    if (draft_.last_year) {
      frame_.comparison =
          MetricQuery::Comparison{To::same_period_last_year, language::add_months(start, -12),
                                  language::add_months(end, -12)};
      return;
    }
    for (const Grain grain : {Grain::year, Grain::quarter, Grain::month}) {
      if (language::period_start(start, grain, setting_.calendar) != start) continue;
      const Date last = language::add_days(language::shift(start, grain, 1), -1);
      if (end > last) continue;
      const Date from = language::shift(start, grain, -1);
      const Date to = end == last ? language::add_days(start, -1) : language::shift(end, grain, -1);
      const bool to_date = end == last || end == setting_.calendar.today;
      if (!to_date) continue;
      frame_.comparison = MetricQuery::Comparison{To::previous_period, from, to};
      return;
    }
    const int length = language::days_between(start, end) + 1;
    frame_.comparison = MetricQuery::Comparison{
        To::previous_period, language::add_days(start, -length), language::add_days(start, -1)};
  }

  // ------------------------------------------------------------- operations
  [[nodiscard]] bool is_a_rate(const std::string& name) const {
    const MetricEntry* entry = lexicon_.metric(name);
    if (entry == nullptr) return false;
    const contracts::Metric& metric = *entry->metric;
    if (metric.type == contracts::MetricType::ratio) return true;
    return metric.conversion &&
           metric.conversion->calculation == contracts::ConversionCalculation::conversion_rate;
  }

  void operations() {
    const bool grouped = !frame_.groups.empty() || frame_.grain || !frame_.date_part.empty();
    if (draft_.rank != nullptr) rank(grouped);
    if (draft_.sort != nullptr) {
      frame_.sort_descending = draft_.sort->descending;
      if (reading_.follow_up) changed("order");
    }
    if (reading_.follow_up && draft_.only && !draft_.metrics.empty()) reading_.score -= kOnlyMetric;
    // A rate is a share itself: `share of appointments kept`.
    const bool is_rate = !frame_.metrics.empty() &&
                         std::all_of(frame_.metrics.begin(), frame_.metrics.end(),
                                     [this](const std::string& name) { return is_a_rate(name); });
    if (draft_.share && !is_rate) {
      frame_.share = true;
      if (!grouped) misfit("a share without a split");
      if (shares_a_part()) misfit("the share: of all rows, or of those that are filtered");
      if (const std::string other = part_of_something_else(); !other.empty()) misfit(other);
      if (reading_.follow_up) changed("share");
    }
    if (draft_.running_total) {
      frame_.running_total = true;
      if (!frame_.grain) frame_.grain = grain_for_range();
      if (reading_.follow_up) changed("running total");
    }
    if (draft_.over_time && !frame_.grain) {
      frame_.grain = grain_for_range();
      if (reading_.follow_up) changed("grain");
    }
    if (draft_.fill_gaps) fill_gaps();
    if (draft_.growth) growth();
    thresholds(grouped);
    if (draft_.compare && (!compares_something() || compares_unlike())) misfit("the comparison");
    if (draft_.inventory && !frame_.metrics.empty() && !reading_.follow_up) reading_.score -= 0.1;
    // A list of values has no figures to rank, share or place in time.
    const bool figures = draft_.share || draft_.rank != nullptr || draft_.growth ||
                         !draft_.times.empty() || !draft_.grains.empty() || draft_.running_total;
    if (frame_.metrics.empty() && figures) lack(Lack::metric, "", kNoMetric);
  }

  /// `no-shows as a percentage of appointments`, `the organic share by month`: shares of another
  /// whole than the metric's own total. A metric of the model may say them; a total does not.
  [[nodiscard]] std::string part_of_something_else() const {
    if (reading_.follow_up) return "";
    const auto& path = draft_.path;
    for (std::size_t i = 0; i < path.size(); ++i) {
      if (path[i]->kind != EdgeKind::operation || path[i]->op != Op::share) continue;
      const bool filter_before =
          i > 0 && (path[i - 1]->kind == EdgeKind::value || is_flag(*path[i - 1]));
      const bool split = !frame_.groups.empty() || frame_.grain;
      if (filter_before && split && !dropped_for_share_) return words_of(*path[i]);
      const bool metric_before =
          std::any_of(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(i),
                      [](const Edge* edge) { return edge->kind == EdgeKind::metric; });
      // Landed flights percentage by route: of the landed ones or of all?
      const bool metric_right_before = part_before(i);
      const std::size_t end = path[i]->end;
      const bool of = setting_.tokens[end - 1].text == "of" ||
                      (end < setting_.tokens.size() && setting_.tokens[end].text == "of");
      if (metric_right_before && split && !says_total(*path[i])) return words_of(*path[i]);
      if (!metric_before || !of) continue;
      for (std::size_t k = i + 1; k < path.size(); ++k) {
        if (path[k]->kind == EdgeKind::filler) continue;
        return words_of(*path[k]);
      }
    }
    return "";
  }
  /// Before `at` stand a name and, before that, what its rows are limited to.
  [[nodiscard]] bool part_before(std::size_t at) const {
    const auto& path = draft_.path;
    const auto back = [&]() -> const Edge* {
      while (at > 0 && path[at - 1]->kind == EdgeKind::filler) --at;
      return at == 0 ? nullptr : path[--at];
    };
    const Edge* name = back();
    const bool named = name != nullptr && !is_flag(*name) &&
                       (name->kind == EdgeKind::metric || name->kind == EdgeKind::dimension);
    const Edge* part = named ? back() : nullptr;
    return part != nullptr && (part->kind == EdgeKind::value || is_flag(*part));
  }
  [[nodiscard]] bool says_total(const Edge& edge) const {
    for (std::size_t i = edge.begin; i < edge.end; ++i)
      if (setting_.tokens[i].stem == "total" || setting_.tokens[i].stem == "all" ||
          setting_.tokens[i].stem == "whole")
        return true;
    return false;
  }
  /// `share of overdue invoices by account type`: of all invoices there, or of all overdue ones?
  [[nodiscard]] bool shares_a_part() const {
    if (reading_.follow_up || dropped_for_share_) return false;
    if (frame_.groups.empty() && !frame_.grain) return false;
    bool share = false, part = false;
    for (const Edge* edge : draft_.path) {
      if (edge->kind == EdgeKind::operation && edge->op == Op::share)
        share = setting_.tokens[edge->end - 1].text == "of" ||
                (edge->end < setting_.tokens.size() && setting_.tokens[edge->end].text == "of");
      else if (edge->kind == EdgeKind::metric)
        return share && part;
      else if (edge->kind == EdgeKind::value || is_flag(*edge))
        part = part || share;
    }
    return false;
  }
  [[nodiscard]] bool is_flag(const Edge& edge) const {
    return edge.kind == EdgeKind::dimension && !edge.alternatives.empty() &&
           lexicon_.dimensions[edge.alternatives[0].target].boolean;
  }

  void thresholds(bool grouped) {
    for (const ThresholdSaid& said : draft_.thresholds) {
      const Edge& edge = *said.edge;
      if (std::find(used_thresholds_.begin(), used_thresholds_.end(), &edge) !=
          used_thresholds_.end())
        continue;
      if (frame_.metrics.empty() || !grouped || edge.sign == "=") {
        misfit(words_of(edge));
        continue;
      }
      if (reading_.follow_up) {
        frame_.having.clear();
        changed("threshold");
      }
      frame_.having.push_back({threshold_metric(edge), edge.sign, edge.number});
      if (edge.number_to) frame_.having.push_back({threshold_metric(edge), "<=", *edge.number_to});
    }
  }

  /// The metric that stands right after the number, or before the sign: more than 100 orders.
  [[nodiscard]] std::string threshold_metric(const Edge& threshold) const {
    for (const Edge* metric : draft_.metrics)
      if (metric->begin >= threshold.end && metric->begin - threshold.end <= 1)
        return lexicon_.metrics[metric->metric].metric->name;
    const Edge* nearest = nullptr;
    for (const Edge* metric : draft_.metrics)
      if (metric->end <= threshold.begin && (nearest == nullptr || metric->begin > nearest->begin))
        nearest = metric;
    if (nearest != nullptr) return lexicon_.metrics[nearest->metric].metric->name;
    return frame_.metrics[0];
  }

  /// Something stands side by side: periods, values, groups or metrics.
  [[nodiscard]] bool compares_something() const {
    return frame_.comparison || !frame_.groups.empty() || frame_.grain ||
           !frame_.date_part.empty() || frame_.metrics.size() > 1;
  }

  /// `compare hotel and restaurant revenue`: a name beside a value is no two of a kind.
  [[nodiscard]] bool compares_unlike() const {
    if (reading_.follow_up || draft_.values.size() != 1 || draft_.metrics.size() > 1) return false;
    if (draft_.times.size() > 1 || frame_.comparison || frame_.grain) return false;
    return std::none_of(draft_.dimensions.begin(), draft_.dimensions.end(),
                        [](const DimensionSaid& said) { return said.split; });
  }

  /// `which one is the highest?`
  [[nodiscard]] bool asks_for_one() const {
    for (std::size_t i = 0; i + 1 < setting_.tokens.size(); ++i) {
      const std::string& text = setting_.tokens[i].text;
      if ((text == "which" || text == "what") && setting_.tokens[i + 1].text == "one") return true;
    }
    return false;
  }

  void rank(bool grouped) {
    if (!grouped) {
      misfit(words_of(*draft_.rank));
      return;
    }
    Rank rank;
    rank.descending = draft_.rank->descending;
    rank.count = static_cast<std::int64_t>(draft_.rank->number);
    if (rank.count == 0) {
      const bool about_time =
          frame_.groups.empty() && (!draft_.grains.empty() || !draft_.parts.empty());
      rank.count = draft_.singular_rank || about_time || asks_for_one() ? 1 : 10;
    }
    if (reading_.follow_up && frame_.rank && draft_.rank->number == 0 && !asks_for_one())
      rank.count = frame_.rank->count;
    rank.within = within_;
    if (rank.within.empty() && draft_.last_split_grain != nullptr && !frame_.groups.empty())
      rank.within = {time_column(frame_)};
    frame_.rank = rank;
    if (reading_.follow_up) changed("ranking");
    for (const std::string& name : frame_.groups) {
      const bool known =
          std::any_of(frame_.filters.begin(), frame_.filters.end(),
                      [&](const Filter& filter) { return filter.dimension == name; });
      // Nobody's rows are no competitor in a ranking.
      const bool asked =
          std::find(rank.within.begin(), rank.within.end(), name) == rank.within.end();
      if (!known && asked) frame_.filters.push_back({Filter::Kind::not_null, name, {}});
    }
  }

  [[nodiscard]] Grain grain_for_range() const {
    if (const auto learnt = enum_from<Grain>(setting_.request.preferred_grain)) return *learnt;
    if (!frame_.range.start || !frame_.range.end) return Grain::month;
    const int days = language::days_between(*frame_.range.start, *frame_.range.end) + 1;
    if (days <= 45) return Grain::day;
    return days <= 120 ? Grain::week : Grain::month;
  }

  /// A metric of the model that is the same but fills gaps is the governed way to do it.
  void fill_gaps() {
    if (!frame_.grain) frame_.grain = Grain::day;
    for (std::string& name : frame_.metrics) {
      const MetricEntry* entry = lexicon_.metric(name);
      if (entry == nullptr || !entry->metric->measure) continue;
      if (entry->metric->measure->join_to_timespine) return;
      for (const MetricEntry& other : lexicon_.metrics) {
        const contracts::Metric& metric = *other.metric;
        const bool same = metric.type == entry->metric->type && metric.measure &&
                          metric.measure->measure == entry->metric->measure->measure &&
                          metric.filters == entry->metric->filters &&
                          metric.measure->filters == entry->metric->measure->filters;
        if (!same || !metric.measure->join_to_timespine) continue;
        name = metric.name;
        return;
      }
    }
    frame_.fill_gaps = true;
  }

  /// One whole month, quarter or year, or one that is under way.
  [[nodiscard]] bool is_one_period() const {
    for (const Grain grain : {Grain::day, Grain::week, Grain::month, Grain::quarter, Grain::year}) {
      const Date start = *frame_.range.start;
      if (language::period_start(start, grain, setting_.calendar) != start) continue;
      const Date last = language::add_days(language::shift(start, grain, 1), -1);
      if (*frame_.range.end == last || *frame_.range.end == setting_.calendar.today) return true;
    }
    return false;
  }

  /// Growth is a comparison where a period is known; else a metric has to say it.
  void growth() {
    if (frame_.metrics.empty()) return;
    if (frame_.comparison) return;
    // How did it change from January to February: not that whole time against the one before.
    const bool from_to =
        std::any_of(draft_.times.begin(), draft_.times.end(), [&](const Edge* edge) {
          for (std::size_t i = edge->begin; i < edge->end; ++i)
            if (setting_.tokens[i].text == "to" || setting_.tokens[i].text == "and") return true;
          return false;
        });
    if (frame_.range.start && frame_.range.end && !frame_.grain && (from_to || !is_one_period()))
      return misfit("a change over several periods");
    if (!frame_.range.start || !frame_.range.end) {
      lack(Lack::period, "growth", kMisfit);
      return;
    }
    draft_previous_comparison();
  }
  void draft_previous_comparison() {
    relative_comparison();
    reading_.score -= 0.3;
    reading_.doubt += 0.1;
  }

  // ---------------------------------------------------------------- context
  /// Words that no name has may still be what a description says of the metric.
  void context() {
    std::vector<std::size_t> left;
    for (const std::size_t token : reading_.unknown) {
      if (explained(token)) {
        reading_.by_context.push_back(token);
        headless_ = false;
        reading_.doubt += 0.12;
      } else {
        left.push_back(token);
      }
    }
    reading_.unknown = std::move(left);
  }

  bool explained(std::size_t token) {
    for (const Edge* edge : draft_.metrics) {
      const MetricEntry& entry = lexicon_.metrics[edge->metric];
      const bool beside = token == edge->end || token + 1 == edge->begin;
      if (names_another(token, edge->metric) || is_value(token)) continue;
      for (const Hit& hit : lexicon_.hits(setting_.tokens[token])) {
        // A mistyped word is no evidence for what a description says.
        if (lexicon_.words[hit.word].root != setting_.tokens[token].root) continue;
        const auto in = [&](const std::vector<std::uint32_t>& list) {
          return std::find(list.begin(), list.end(), hit.word) != list.end();
        };
        if (in(entry.context)) {
          reading_.score += kUnknownCost + 0.2;
          return true;
        }
        if (beside && edge->missing > 0 && !edge->head_said && (in(entry.around))) {
          reading_.score += kUnknownCost + 0.35;
          return true;
        }
      }
    }
    return false;
  }

  /// A word that is a value of the data limits rows; no description explains it away.
  [[nodiscard]] bool is_value(std::size_t token) const {
    bool found = false;
    for (const Hit& hit : lexicon_.hits(setting_.tokens[token])) {
      if (hit.likeness < 0.9) continue;
      lexicon_.whole_values(lexicon_.narrowed(lexicon_.all_values(), 0, hit.word), 1,
                            [&](std::uint32_t) { found = true; });
    }
    return found;
  }

  /// A word that by itself is the whole name of another metric is no mere context.
  [[nodiscard]] bool names_another(std::size_t token, std::uint32_t metric) const {
    for (const Hit& hit : lexicon_.hits(setting_.tokens[token])) {
      if (hit.likeness < 0.9) continue;
      for (const std::uint32_t id : lexicon_.words[hit.word].terms) {
        const Term& term = lexicon_.terms[id];
        if (term.kind == TermKind::metric && term.target != metric && term.words.size() == 1 &&
            term.source != Source::synonym)
          return true;
      }
    }
    return false;
  }

  void needed_grain() {
    if (frame_.grain || frame_.metrics.empty()) return;
    for (const std::uint32_t id : metric_ids_)
      if (const auto grain = grain_needed(lexicon_, *lexicon_.metrics[id].metric)) {
        frame_.grain = grain;
        return;
      }
  }

  /// Revenue / nights, revenue + refunds: a figure that no metric has.
  [[nodiscard]] std::string calculation() const {
    const auto& tokens = setting_.tokens;
    for (const Edge* edge : draft_.path)
      for (std::size_t i = std::max<std::size_t>(edge->begin, 1); i < edge->end; ++i) {
        const Token& token = tokens[i];
        const Token& left = tokens[i - 1];
        if (token.before != '/' && token.before != '+' && token.before != '*') continue;
        const bool written_so = token.number || left.number || left.text.size() == 1 ||
                                left.text == "and" || language::unit_of(token).has_value() ||
                                edge->kind == EdgeKind::time ||
                                (edge->kind == EdgeKind::value && i > edge->begin);
        if (!written_so) return "\"" + left.shown + " " + token.before + " " + token.shown + "\"";
      }
    return "";
  }

  /// `why`, `when`, `where`, `who` ask for more than a figure: for something that has to be there.
  void interrogative() {
    std::size_t at = 0;
    const auto& tokens = setting_.tokens;
    const auto text = [&](std::size_t i) {
      return i < tokens.size() ? std::string_view(tokens[i].text) : std::string_view();
    };
    while (text(at) == "and" || text(at) == "but" || text(at) == "so" || text(at) == "ok" ||
           text(at) == "then")
      ++at;
    const bool how_come = text(at) == "how" && text(at + 1) == "come";
    if (text(at) == "why" || how_come) return misfit("\"" + tokens[at].shown + "\"", 3);
    if (const auto sign = calculation(); !sign.empty()) misfit(sign);
    // What if everything were different: figures of what is not there.
    for (const Edge* edge : draft_.path) {
      const std::size_t i = edge->begin;
      if (edge->kind != EdgeKind::filler || tokens[i].text != "if") continue;
      const std::string_view before = i > 0 ? std::string_view(tokens[i - 1].text) : "";
      const bool asks = before == "see" || before == "know" || before == "me" ||
                        before == "check" || before == "wonder" || before == "wondering" ||
                        before == "ask" || before == "tell" || before == "us";
      const bool polite = i + 1 < tokens.size() && tokens[i + 1].text == "possible";
      if (!asks && !polite) return misfit("\"" + tokens[i].shown + "\"");
    }
    const bool in_time = frame_.grain || !frame_.date_part.empty() || frame_.axis != "metric_time";
    const bool split = !frame_.groups.empty();
    const bool answered = text(at) == "when"                         ? in_time
                          : text(at) == "where" || text(at) == "who" ? split
                                                                     : true;
    if (!answered) misfit("\"" + tokens[at].shown + "\"");
  }

  /// Customers and depots stand there; a period says nothing of them unless a date is named.
  void counted_without_date() {
    const bool timed = frame_.range.start || frame_.range.end || frame_.grain ||
                       !frame_.date_part.empty() || frame_.comparison;
    if (!timed || frame_.axis != "metric_time") return;
    for (const std::uint32_t id : metric_ids_)
      if (const MetricEntry& entry = lexicon_.metrics[id]; !entry.has_date)
        misfit("a period: " + entry.counted_entity + " is counted as it stands, by no date");
  }

  // ----------------------------------------------------------------- finish
  void finish() {
    if (headless_) reading_.doubt += 0.4;
    if (reading_.follow_up) {
      const bool nothing = reading_.changed.empty();
      if (nothing) lack(Lack::detail, "", kNoMetric);
      forget_old_ranks();
      check_kept_dimensions();
    }
    reading_.frame = frame_;
    reading_.query = to_query(lexicon_, frame_);
    if (!rivals_are_whole_) {
      reading_.rivals.clear();
      for (const Swap& swap : swaps_) reading_.rivals.push_back(swapped(swap));
    }
    reading_.time_phrase = language::say(frame_.range);
  }

  /// A ranking leaves out nobody's rows; when its group goes, so does that.
  void forget_old_ranks() {
    const Frame last = to_frame(lexicon_, setting_.request.previous->query);
    std::erase_if(frame_.filters, [&](const Filter& filter) {
      const auto in = [&](const std::vector<std::string>& list) {
        return std::find(list.begin(), list.end(), filter.dimension) != list.end();
      };
      return filter.kind == Filter::Kind::not_null && in(last.groups) && !in(frame_.groups);
    });
  }

  struct Swap {
    std::string from, to;
    bool value = false;
  };
  [[nodiscard]] Frame swapped(const Swap& swap) const {
    Frame other = frame_;
    if (swap.value) {
      for (Filter& filter : other.filters)
        if (filter.dimension == swap.from) filter.dimension = swap.to;
    } else {
      std::replace(other.groups.begin(), other.groups.end(), swap.from, swap.to);
      for (Filter& filter : other.filters)
        if (filter.dimension == swap.from && filter.kind == Filter::Kind::not_null)
          filter.dimension = swap.to;
    }
    return other;
  }

  /// After the metric changed, what was kept must still be reachable.
  void check_kept_dimensions() {
    const auto check = [&](const std::string& name) {
      const DimensionEntry* entry = lexicon_.dimension(name);
      if (entry == nullptr) return;
      const auto id = static_cast<std::uint32_t>(entry - lexicon_.dimensions.data());
      if (reachable(id)) return;
      reading_.unreachable.push_back(name);
      lack(Lack::path, entry->info.label.empty() ? name : entry->info.label, kUnreachable);
    };
    for (const std::string& name : frame_.groups) check(name);
    for (const Filter& filter : frame_.filters) check(filter.dimension);
  }

  const Setting& setting_;
  const Lexicon& lexicon_;
  const Draft& draft_;
  Reading reading_;
  Frame frame_;
  std::vector<std::uint32_t> metric_ids_;
  std::vector<std::string> within_;
  std::vector<const Edge*> used_thresholds_;
  std::vector<Swap> swaps_;
  bool dropped_for_share_ = false, days_filtered_ = false, rivals_are_whole_ = false;
  bool replaced_groups_ = false;
  bool headless_ = false;  ///< a metric whose thing is not said
};

}  // namespace

Reading read_draft(const Setting& setting, const Draft& draft, bool as_change) {
  return DraftReader(setting, draft, as_change).run();
}

}  // namespace loquat::semantic::planner
