// long: one way from readings to an outcome: refuse, ask or answer.
#include "semantic/planner/decision.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "semantic/planner/calibration.hpp"
#include "semantic/planner/calibration_weights.hpp"
#include "semantic/planner/wording.hpp"

namespace loquat::semantic::planner {
namespace {

/// Metrics whose evidence differs by less are told apart by asking.
constexpr double kTieOfPartialNames = 0.35;
constexpr double kTieWithWholeName = 0.15;
/// Half a name leads a whole one only by far.
constexpr double kTieOfHalfAndWholeName = 0.8;
/// More doubt than this is never answered, however few rivals there are.
constexpr double kDoubtMax = 0.47;
constexpr std::size_t kOptionsMax = 5;

class Decider {
 public:
  Decider(const Setting& setting, const std::vector<Reading>& readings, const Evidence& evidence,
          bool offer)
      : setting_(setting),
        readings_(readings),
        best_(readings.front()),
        evidence_(evidence),
        offer_(offer) {}

  PlanOutcome run() {
    outcome_.confidence = probability_of(evidence_);
    outcome_.interpretation = interpret(setting_.lexicon.index(), best_.query, best_.time_phrase);
    if (best_.draft.personal && !setting_.request.may_see_personal_data) return personal();
    if (!best_.unknown.empty()) return unknown_words();
    if (best_.lack == Lack::metric || best_.lack == Lack::detail) return no_metric();
    if (best_.frame.metrics.empty() && best_.draft.how_many) return no_metric();
    if (best_.lack == Lack::path) return unreachable();
    if (best_.lack == Lack::period) return ask_period();
    if (best_.lack == Lack::value) return no_value();
    if (best_.lack == Lack::misfit) return misfit();
    if (outside_data()) return no_data();
    if (const auto asked = ask_metric()) return *asked;
    if (best_.ambiguous_dimension) return ask_dimension();
    if (says_worst())
      if (const auto asked = ask_direction()) return *asked;
    return answer();
  }

 private:
  PlanOutcome refuse(RefusalReason reason, std::string message,
                     std::vector<ClarifyOption> near = {}) {
    outcome_.result = Refuse{reason, std::move(message), std::move(near)};
    outcome_.interpretation.clear();
    return std::move(outcome_);
  }

  PlanOutcome personal() {
    return refuse(RefusalReason::personal_data,
                  "This asks for personal data, which may not be shown with your role. Counts and "
                  "totals about the same people can be asked for.");
  }

  // ----------------------------------------------------------- what to offer
  [[nodiscard]] bool compiles(const MetricQuery& query) const {
    return setting_.lexicon.index().compile(query, {}).has_value();
  }

  /// A choice is offered only if its message, sent as it is, comes back as its query.
  [[nodiscard]] std::optional<ClarifyOption> option(const Frame& frame, std::string label) const {
    const std::string message = question_for(setting_.lexicon, frame);
    PlanRequest request = setting_.request;
    request.previous.reset();
    request.refine = false;
    request.question = message;
    const PlanOutcome back = plan_once(setting_.lexicon, request, false);
    const auto* planned = std::get_if<Planned>(&back.result);
    if (planned == nullptr) return std::nullopt;
    if (planned->query.metrics != frame.metrics ||
        planned->query.where.size() < to_query(setting_.lexicon, frame).where.size())
      return std::nullopt;
    return ClarifyOption{std::move(label), message, planned->query};
  }

  [[nodiscard]] std::vector<ClarifyOption> options(const std::vector<Frame>& frames) const {
    std::vector<ClarifyOption> made;
    if (!offer_) return made;
    for (const Frame& frame : frames) {
      if (made.size() == kOptionsMax) break;
      auto one = option(frame, question_for(setting_.lexicon, frame));
      const bool fresh = one && std::none_of(made.begin(), made.end(), [&](const auto& other) {
                           return other.query == one->query;
                         });
      if (fresh) made.push_back(std::move(*one));
    }
    return made;
  }

  [[nodiscard]] std::string quoted_words(const std::vector<std::size_t>& tokens) const {
    std::vector<std::string> words;
    for (const std::size_t token : tokens)
      words.push_back("\"" + setting_.tokens[token].shown + "\"");
    return join_words(words);
  }

  // ---------------------------------------------------------------- refusals
  PlanOutcome unknown_words() {
    const std::string words = quoted_words(best_.unknown);
    if (best_.frame.metrics.empty() || (best_.follow_up && best_.changed.empty())) {
      const bool about_model = !best_.draft.dimensions.empty() || best_.draft.how_many ||
                               best_.draft.rank != nullptr || best_.draft.share;
      if (about_model)
        return refuse(RefusalReason::no_such_metric,
                      "I don't know " + words + ": no metric of this model is called that.");
      return refuse(RefusalReason::out_of_scope,
                    "I don't know " + words + ". This model can only answer questions about " +
                        subjects() + ".");
    }
    std::vector<ClarifyOption> near;
    if (best_.lack == Lack::nothing) near = options({best_.frame});
    return refuse(RefusalReason::not_understood,
                  "I don't know " + words + " here, so I did not guess." +
                      (near.empty() ? "" : " Without it I can answer the question below."),
                  std::move(near));
  }

  [[nodiscard]] std::string subjects() const {
    std::vector<std::string> names;
    for (const MetricEntry& entry : setting_.lexicon.metrics) {
      if (names.size() == 4) break;
      names.push_back(lower_first(metric_label(setting_.lexicon.index(), entry.metric->name)));
    }
    return names.empty() ? "its metrics" : join_words(names) + " and the like";
  }

  /// What is said of is known, what is to be measured is not: asks for it.
  std::optional<PlanOutcome> ask_what() {
    constexpr std::size_t kOffered = 4;
    if (!offer_ || best_.follow_up || best_.draft.how_many || !best_.unknown.empty())
      return std::nullopt;
    std::vector<std::string> dimensions = best_.frame.groups;
    for (const Filter& filter : best_.frame.filters)
      if (!filter.dimension.empty()) dimensions.push_back(filter.dimension);
    if (best_.frame.filters.empty() || dimensions.empty()) return std::nullopt;
    std::vector<Frame> frames;
    const auto names = setting_.lexicon.index().metrics_for(dimensions);
    for (const bool simple : {true, false}) {
      for (const std::string& name : names) {
        const MetricEntry* entry = setting_.lexicon.metric(name);
        if (entry == nullptr || frames.size() == kOffered) continue;
        if ((entry->metric->type == contracts::MetricType::simple) != simple) continue;
        frames.push_back(best_.frame);
        frames.back().metrics = {name};
      }
    }
    std::vector<ClarifyOption> made = options(frames);
    if (made.size() < 2) return std::nullopt;
    outcome_.result = Clarify{"What should be measured?", std::move(made)};
    return std::move(outcome_);
  }

  PlanOutcome no_metric() {
    if (auto asked = ask_what()) return std::move(*asked);
    if (best_.draft.how_many && !best_.draft.dimensions.empty() && !best_.follow_up) {
      Frame list;
      for (const DimensionSaid& said : best_.draft.dimensions)
        if (!said.edge->alternatives.empty())
          list.groups.push_back(
              setting_.lexicon.dimensions[said.edge->alternatives[0].target].info.name);
      return refuse(RefusalReason::no_such_metric,
                    "No metric of this model counts these. Their values can be listed.",
                    options({list}));
    }
    return refuse(RefusalReason::no_such_metric,
                  "I did not find what should be measured. This model knows " + subjects() + ".");
  }

  PlanOutcome unreachable() {
    std::vector<std::string> metrics;
    for (const std::string& name : best_.frame.metrics)
      metrics.push_back(lower_first(metric_label(setting_.lexicon.index(), name)));
    std::string message = "\"" + best_.lacking + "\" is no way to split " + join_words(metrics) +
                          ": the model has no path between them.";
    std::vector<ClarifyOption> near = near_metrics();
    if (!near.empty()) message += " What is near can be asked instead.";
    return refuse(RefusalReason::unreachable, std::move(message), std::move(near));
  }

  /// Metrics that do have the dimension, those that share most words with what was asked first.
  [[nodiscard]] std::vector<ClarifyOption> near_metrics() const {
    if (!offer_ || best_.unreachable.empty() || best_.frame.metrics.empty()) return {};
    std::set<std::string> asked;
    for (const std::string& name : best_.frame.metrics)
      if (const MetricEntry* entry = setting_.lexicon.metric(name))
        for (const std::uint32_t word : entry->said)
          asked.insert(setting_.lexicon.words[word].stem);
    std::vector<std::pair<int, std::string>> ranked;
    for (const std::string& name : setting_.lexicon.index().metrics_for(best_.unreachable)) {
      const MetricEntry* entry = setting_.lexicon.metric(name);
      if (entry == nullptr) continue;
      int shared = entry->metric->type == contracts::MetricType::simple ? 1 : 0;
      for (const std::uint32_t word : entry->said)
        shared += asked.contains(setting_.lexicon.words[word].stem) ? 3 : 0;
      ranked.emplace_back(-shared, name);
    }
    std::sort(ranked.begin(), ranked.end());
    std::vector<Frame> frames;
    for (const auto& [rank, name] : ranked) {
      if (frames.size() == 3) break;
      Frame frame = best_.frame;
      frame.metrics = {name};
      for (const std::string& dimension : best_.unreachable)
        if (std::find(frame.groups.begin(), frame.groups.end(), dimension) == frame.groups.end())
          frame.groups.push_back(dimension);
      frames.push_back(std::move(frame));
    }
    return options(frames);
  }

  PlanOutcome no_value() {
    return refuse(RefusalReason::no_such_value,
                  "I did not find which value of " + best_.lacking + " is meant.");
  }

  PlanOutcome misfit() {
    std::vector<ClarifyOption> near;
    if (!best_.frame.metrics.empty()) near = options({best_.frame});
    if (best_.lacking == "\"Why\"" || best_.lacking == "\"why\"" || best_.lacking == "\"how\"" ||
        best_.lacking == "\"How\"")
      return refuse(RefusalReason::not_understood,
                    "I report what the figures are, not why. Split by time or by a dimension they "
                    "may show where it comes from.",
                    std::move(near));
    return refuse(RefusalReason::not_understood,
                  "I could not fit " + best_.lacking + " into the question, so I did not guess." +
                      (near.empty() ? "" : " Without it I can answer the question below."),
                  std::move(near));
  }

  PlanOutcome ask_period() {
    std::vector<Frame> frames;
    for (const Grain grain : {Grain::month, Grain::quarter, Grain::year}) {
      Frame frame = best_.frame;
      frame.range = language::period(setting_.calendar.today, grain, -1, setting_.calendar);
      const DateRange before =
          language::period(setting_.calendar.today, grain, -2, setting_.calendar);
      frame.comparison = MetricQuery::Comparison{MetricQuery::Comparison::To::previous_period,
                                                 *before.start, *before.end};
      frames.push_back(std::move(frame));
    }
    std::vector<ClarifyOption> made = options(frames);
    if (made.size() < 2)
      return refuse(RefusalReason::not_understood,
                    "A comparison needs a period. Please say which, for example last month.");
    outcome_.result =
        Clarify{"Which period should be compared with the one before?", std::move(made)};
    return std::move(outcome_);
  }

  [[nodiscard]] bool outside_data() const {
    const DateRange& range = best_.frame.range;
    const auto& first = setting_.request.data_start;
    const auto& last = setting_.request.data_end;
    return (range.start && last && *range.start > *last) ||
           (range.end && first && *range.end < *first);
  }

  PlanOutcome no_data() {
    const DateRange covered{setting_.request.data_start, setting_.request.data_end};
    return refuse(RefusalReason::no_data, "There is no data for " +
                                              language::say(best_.frame.range) +
                                              ": the data covers " + language::say(covered) + ".");
  }

  // ------------------------------------------------------------------ asking
  [[nodiscard]] static double missing_of(const Reading& reading) {
    double missing = 0;
    if (reading.elliptic) return 0;
    for (const Edge* edge : reading.draft.metrics)
      missing += edge->missing > 0.3 ? edge->missing : 0;
    return missing;
  }

  /// Metrics that are about the very thing that would be counted: new students, active students.
  [[nodiscard]] bool about_counted(const Reading& count, const Reading& rival) const {
    return std::any_of(
        rival.draft.metrics.begin(), rival.draft.metrics.end(), [&](const Edge* edge) {
          return edge->head_said && edge->doubt < 0.1 && edge->begin < count.counted->end &&
                 count.counted->begin < edge->end;
        });
  }

  /// Rows of an entity, or one of the metrics that are about it: nobody can tell.
  std::optional<PlanOutcome> ask_count() {
    constexpr double kTieOfCount = 1.2;
    std::vector<Frame> frames;
    std::set<std::vector<std::string>> seen{best_.frame.metrics};
    for (const Reading& rival : readings_) {
      if (!rival.unknown.empty() || rival.lack != Lack::nothing) continue;
      if (best_.score - rival.score > kTieOfCount || rival.draft.metrics.empty()) continue;
      if (about_counted(best_, rival) && seen.insert(rival.frame.metrics).second)
        frames.push_back(rival.frame);
    }
    if (frames.empty()) return std::nullopt;
    frames.push_back(best_.frame);
    std::vector<ClarifyOption> made = options(frames);
    if (made.size() < 2)
      return refuse(
          RefusalReason::not_understood,
          "Several things could be counted. Please name one of them: " + names(frames) + ".");
    outcome_.result = Clarify{"Which of these do you mean?", std::move(made)};
    return std::move(outcome_);
  }

  std::optional<PlanOutcome> ask_metric() {
    if (best_.counted != nullptr) return offer_ ? ask_count() : std::nullopt;
    if (best_.draft.metrics.empty()) return std::nullopt;
    const double best_missing = missing_of(best_);
    std::vector<Frame> frames{best_.frame};
    std::set<std::vector<std::string>> seen{best_.frame.metrics};
    double nearest = 1e9;
    for (const Reading& rival : readings_) {
      if (rival.draft.metrics.empty() || !rival.unknown.empty() || rival.lack != Lack::nothing)
        continue;
      const double gap = best_.score - rival.score;
      const bool fuller = best_missing > 0 && said_in_full(rival);
      const double tie = fuller                             ? kTieOfHalfAndWholeName
                         : best_missing > 0 || by_synonym() ? kTieOfPartialNames
                                                            : kTieWithWholeName;
      if (gap > tie || !seen.insert(rival.frame.metrics).second) continue;
      if (rival.frame.metrics.size() > best_.frame.metrics.size()) continue;
      if (part_of_best(rival)) continue;
      if (said_in_full(best_) && !said_in_full(rival)) continue;
      nearest = std::min(nearest, gap);
      frames.push_back(rival.frame);
    }
    if (frames.size() < 2) return std::nullopt;
    std::vector<ClarifyOption> made = options(frames);
    if (made.size() < 2) {
      if (offer_ || best_missing > 0)
        return refuse(
            RefusalReason::not_understood,
            "Several metrics could be meant. Please name one of them: " + names(frames) + ".");
      return std::nullopt;
    }
    outcome_.result = Clarify{"Which of these do you mean?", std::move(made)};
    return std::move(outcome_);
  }

  /// Every metric is named by its whole name or label, none mistyped.
  [[nodiscard]] static bool said_in_full(const Reading& reading) {
    return std::all_of(reading.draft.metrics.begin(), reading.draft.metrics.end(),
                       [](const Edge* edge) {
                         return edge->missing == 0 && !edge->by_synonym && edge->doubt < 0.05;
                       });
  }

  /// Reading one of two metrics as something else is no further choice.
  [[nodiscard]] bool part_of_best(const Reading& rival) const {
    return std::all_of(
        rival.frame.metrics.begin(), rival.frame.metrics.end(), [&](const std::string& name) {
          return std::find(best_.frame.metrics.begin(), best_.frame.metrics.end(), name) !=
                 best_.frame.metrics.end();
        });
  }

  /// The best metric was named by a synonym that other metrics' names contain.
  [[nodiscard]] bool by_synonym() const {
    return best_.draft.metrics.size() == 1 && best_.draft.metrics[0]->loose_synonym;
  }

  [[nodiscard]] std::string names(const std::vector<Frame>& frames) const {
    std::map<std::string, std::vector<std::string>> by_label;
    for (const Frame& frame : frames)
      for (const std::string& name : frame.metrics)
        by_label[metric_label(setting_.lexicon.index(), name)].push_back(name);
    std::vector<std::string> list;
    for (auto& [label, names] : by_label)  // one label of several metrics tells nobody anything
      if (names.size() == 1)
        list.push_back(label);
      else
        list.insert(list.end(), names.begin(), names.end());
    return join_words(list, "or");
  }

  PlanOutcome ask_dimension() {
    std::vector<Frame> frames{best_.frame};
    frames.insert(frames.end(), best_.rivals.begin(), best_.rivals.end());
    std::vector<ClarifyOption> made = options(frames);
    if (made.size() < 2)
      return refuse(RefusalReason::not_understood,
                    "This can be read in several ways. Please say which is meant: " +
                        differences(frames) + ".");
    outcome_.result = Clarify{"Which of these do you mean?", std::move(made)};
    return std::move(outcome_);
  }

  /// What tells the readings apart, in words.
  [[nodiscard]] std::string differences(const std::vector<Frame>& frames) const {
    std::vector<std::string> list;
    for (const Frame& frame : frames) list.push_back(question_for(setting_.lexicon, frame));
    return join_words(list, "or");
  }

  /// The worst may be the lowest (sales) or the highest (losses): no model says which.
  [[nodiscard]] bool says_worst() const {
    const Edge* rank = best_.draft.rank;
    if (rank == nullptr || !best_.frame.rank) return false;
    for (std::size_t i = rank->begin; i < rank->end; ++i)
      if (setting_.tokens[i].text == "worst") return true;
    return false;
  }

  std::optional<PlanOutcome> ask_direction() {
    Frame highest = best_.frame;
    Frame lowest = best_.frame;
    highest.rank->descending = true;
    lowest.rank->descending = false;
    std::vector<ClarifyOption> made = options({lowest, highest});
    if (made.size() < 2) {
      if (!offer_) return std::nullopt;
      return refuse(RefusalReason::not_understood,
                    "Is the lowest or the highest the worst here? Please say which.");
    }
    outcome_.result = Clarify{"Is the lowest or the highest the worst here?", std::move(made)};
    return std::move(outcome_);
  }

  // --------------------------------------------------------------- answering
  PlanOutcome answer() {
    if (const auto compiled = setting_.lexicon.index().compile(best_.query, {}); !compiled) {
      std::string detail = compiled.error().detail;
      for (const auto& issue : compiled.error().fields) detail += " " + issue.message;
      return refuse(RefusalReason::unreachable,
                    "The question was read as \"" + outcome_.interpretation +
                        "\", which this model cannot compute: " + detail);
    }
    if (outcome_.confidence < kAnswerMin || best_.doubt > kDoubtMax || best_.score < 0)
      return refuse(RefusalReason::not_understood, "I am not sure enough what is meant to answer.",
                    options({best_.frame}));
    Planned planned;
    planned.query = best_.query;
    planned.time_phrase = best_.time_phrase;
    planned.is_follow_up = best_.follow_up;
    planned.changed = best_.changed;
    if (best_.follow_up) planned.kept = kept();
    say_change(planned);
    say_coverage();
    outcome_.result = std::move(planned);
    return std::move(outcome_);
  }

  /// `…; changed: period; kept: metric and grouping.`
  void say_change(const Planned& planned) {
    if (!planned.is_follow_up) return;
    std::string& text = outcome_.interpretation;
    if (text.ends_with('.')) text.pop_back();
    if (!planned.changed.empty()) text += "; changed: " + join_words(planned.changed);
    if (!planned.kept.empty()) text += "; kept: " + join_words(planned.kept);
    text += ".";
  }

  /// A period that the data covers only in part is answered, and said.
  void say_coverage() {
    const DateRange& range = best_.frame.range;
    const auto& first = setting_.request.data_start;
    const auto& last = setting_.request.data_end;
    std::string& text = outcome_.interpretation;
    const bool early = range.start && first && *range.start < *first;
    const bool late = range.end && last && *range.end > *last;
    if (!early && !late) return;
    if (text.ends_with('.')) text.pop_back();
    if (early) text += "; the data begins on " + language::say({first, first});
    if (late) text += "; the data ends on " + language::say({last, last});
    text += ".";
  }

  [[nodiscard]] std::vector<std::string> kept() const {
    std::vector<std::string> list;
    const auto keep = [&](std::string_view what, bool there) {
      const bool is_changed =
          std::find(best_.changed.begin(), best_.changed.end(), what) != best_.changed.end();
      if (there && !is_changed) list.emplace_back(what);
    };
    keep("metric", !best_.frame.metrics.empty());
    keep("grouping", !best_.frame.groups.empty());
    keep("grain", best_.frame.grain.has_value());
    keep("filter", !best_.frame.filters.empty());
    keep("period", best_.frame.range.start.has_value());
    return list;
  }

  const Setting& setting_;
  const std::vector<Reading>& readings_;
  const Reading& best_;
  const Evidence& evidence_;
  bool offer_;
  PlanOutcome outcome_;
};

}  // namespace

PlanOutcome decide(const Setting& setting, const std::vector<Reading>& readings,
                   const Evidence& evidence, bool offer) {
  return Decider(setting, readings, evidence, offer).run();
}

}  // namespace loquat::semantic::planner
