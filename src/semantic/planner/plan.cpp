#include <algorithm>

#include "semantic/language/word_forms.hpp"
#include "semantic/planner/calibration.hpp"
#include "semantic/planner/decision.hpp"
#include "semantic/planner/guard_words.hpp"
#include "semantic/planner/model_answer.hpp"
#include "semantic/planner/reading.hpp"
#include "semantic/planner/wording.hpp"

namespace loquat::semantic {
namespace planner {
namespace {

constexpr std::size_t kWordsMax = 60;
constexpr std::size_t kPathsMax = 48;
constexpr std::size_t kQuestionBytesMax = 4096;

/// A name typed as the model writes it (`rev_amt`) is said by its words.
std::vector<Token> tokens_of(std::string question) {
  std::replace(question.begin(), question.end(), '_', ' ');
  return language::tokenize(question);
}

PlanOutcome refuse(RefusalReason reason, std::string message) {
  PlanOutcome outcome;
  outcome.result = Refuse{reason, std::move(message), {}};
  return outcome;
}

/// `refund rate by month`: begins with a metric's name of several words, not with an order.
bool names_a_metric(const Setting& setting) {
  Edges edges;
  add_vocabulary_edges(setting.lexicon, setting.tokens, edges);
  return std::any_of(edges.begin(), edges.end(), [](const Edge& edge) {
    return edge.kind == EdgeKind::metric && edge.begin == 0 && edge.end > 1 && edge.missing == 0 &&
           edge.doubt < 0.01;
  });
}

std::optional<PlanOutcome> refuse_at_sight(const Setting& setting) {
  if (setting.tokens.empty())
    return refuse(RefusalReason::not_understood, "There is no question in this message.");
  if (setting.tokens.size() > kWordsMax || setting.request.question.size() > kQuestionBytesMax)
    return refuse(RefusalReason::not_understood,
                  "This question is too long to be read safely. Please ask it in at most " +
                      std::to_string(kWordsMax) + " words.");
  const auto forbidden = forbidden_request(setting.tokens, setting.request.previous.has_value());
  if (!forbidden || (!forbidden->bypass && names_a_metric(setting))) return std::nullopt;
  if (forbidden->bypass)
    return refuse(RefusalReason::policy,
                  "Rules for access cannot be changed by asking. I answer within them.");
  return refuse(RefusalReason::write_request,
                "I only read: \"" + forbidden->word + "\" would change data, so nothing was done.");
}

bool same_but_score(const Reading& a, const Reading& b) {
  return a.query == b.query && a.lack == b.lack && a.unknown == b.unknown;
}

/// `just the cancellations`: of the last answer, one metric alone.
bool narrows_to_a_metric(const std::vector<Token>& tokens, const Draft& draft) {
  const std::string& first = tokens[0].text;
  if (first != "just" && first != "only" && first != "actually" && first != "sorry" &&
      first != "no" && first != "rather" && first != "now")
    return false;
  return draft.metrics.size() == 1 && draft.dimensions.empty() && draft.values.empty() &&
         draft.times.empty() && draft.grains.empty() && draft.parts.empty();
}

/// Whether the words change the last question rather than ask one of their own: they say so, or
/// they name nothing that could be measured, counted or listed.
bool changes_the_last(const Setting& setting, const Draft& draft) {
  if (setting.request.refine || draft.opener || draft.add || draft.remove || draft.other_one)
    return true;
  // `how many buses`, `number of buses`: asks for something, whatever the rest can be read as.
  const auto& tokens = setting.tokens;
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    const bool many = tokens[i].text == "how" && tokens[i + 1].text == "many";
    const bool number = i <= 1 && tokens[i + 1].text == "of" &&
                        (tokens[i].stem == "number" || tokens[i].stem == "count");
    if (many || number) return false;
  }
  if (narrows_to_a_metric(tokens, draft)) return true;
  const bool only_less = draft.metrics.empty() && !draft.excluded_metrics.empty();
  const bool counts = draft.how_many && !draft.dimensions.empty();
  const bool lists = draft.inventory && !draft.dimensions.empty();
  if (only_less) return true;
  return draft.metrics.empty() && !counts && !lists;
}

std::vector<Reading> readings_of(const Setting& setting, Edges& edges) {
  add_vocabulary_edges(setting.lexicon, setting.tokens, edges);
  add_time_edges(setting.tokens, setting.calendar, edges);
  add_operation_edges(setting.tokens, edges);
  std::vector<Reading> readings;
  for (const Path& path : best_paths(setting.tokens, edges, kPathsMax)) {
    const Draft draft = draft_of(path, setting.tokens);
    const bool change = setting.request.previous && changes_the_last(setting, draft);
    Reading reading = read_draft(setting, draft, change);
    const auto known = std::find_if(readings.begin(), readings.end(), [&](const Reading& other) {
      return same_but_score(other, reading);
    });
    if (known == readings.end())
      readings.push_back(std::move(reading));
    else if (known->score < reading.score)
      *known = std::move(reading);
  }
  // Few and heavy: each is put in its place, and equals keep their order.
  for (auto at = readings.begin(); at != readings.end(); ++at) {
    const auto place =
        std::upper_bound(readings.begin(), at, *at,
                         [](const Reading& a, const Reading& b) { return a.score > b.score; });
    std::rotate(place, at, at + 1);
  }
  return readings;
}

WordUse::As use_of(const Edge& edge) {
  switch (edge.kind) {
    case EdgeKind::metric:
      return WordUse::As::metric;
    case EdgeKind::dimension:
      return WordUse::As::dimension;
    case EdgeKind::value:
      return WordUse::As::value;
    case EdgeKind::time:
      return WordUse::As::time;
    case EdgeKind::grain:
    case EdgeKind::date_part:
      return WordUse::As::grain;
    case EdgeKind::operation:
      return WordUse::As::operation;
    case EdgeKind::filler:
      return WordUse::As::filler;
    case EdgeKind::unknown:
      break;
  }
  return WordUse::As::unknown;
}

std::string meaning_of(const Setting& setting, const Edge& edge) {
  const Lexicon& lexicon = setting.lexicon;
  switch (edge.kind) {
    case EdgeKind::metric:
      return "metric " + lexicon.metrics[edge.metric].metric->name;
    case EdgeKind::dimension:
      return edge.alternatives.empty() ? "personal data"
                                       : lexicon.dimensions[edge.alternatives[0].target].info.name;
    case EdgeKind::value:
      return "value " + lexicon.values[edge.alternatives[0].target].text;
    case EdgeKind::time:
      return language::say(edge.range);
    case EdgeKind::grain:
      return std::string(name_of(edge.grain));
    default:
      return edge.part;
  }
}

void account(const Setting& setting, const Reading& reading, PlanOutcome& outcome) {
  for (const Edge* edge : reading.draft.path)
    for (std::size_t i = edge->begin; i < edge->end; ++i) {
      WordUse use{setting.tokens[i].shown, use_of(*edge), meaning_of(setting, *edge)};
      const auto in_context = std::find(reading.by_context.begin(), reading.by_context.end(), i);
      if (in_context != reading.by_context.end()) {
        use.as = WordUse::As::metric;
        use.meaning = "as the description says";
      }
      outcome.words.push_back(std::move(use));
    }
}

void name_candidates(const Setting& setting, const std::vector<Reading>& readings,
                     PlanOutcome& outcome) {
  for (const Reading& reading : readings)
    for (const Edge* edge : reading.draft.metrics) {
      const std::string& name = setting.lexicon.metrics[edge->metric].metric->name;
      const auto known =
          std::find_if(outcome.metrics_considered.begin(), outcome.metrics_considered.end(),
                       [&](const Candidate& candidate) { return candidate.what == name; });
      if (known == outcome.metrics_considered.end() && outcome.metrics_considered.size() < 8)
        outcome.metrics_considered.push_back({name, reading.score});
    }
}

}  // namespace

PlanOutcome plan_once(const Lexicon& lexicon, const PlanRequest& request, bool offer) {
  const auto& project = lexicon.index().project();
  const std::vector<Token> tokens = tokens_of(request.question);
  const Setting setting{lexicon,
                        request,
                        tokens,
                        {request.today, project.fiscal_year_start_month, project.week_starts_on}};
  if (auto refused = refuse_at_sight(setting)) return *refused;
  if (auto answer = answer_about_model(setting)) {
    PlanOutcome outcome;
    outcome.confidence = 0.95;
    outcome.interpretation = "A question about the model itself.";
    outcome.result = std::move(*answer);
    return outcome;
  }
  Edges edges;
  edges.reserve(256);
  const std::vector<Reading> readings = readings_of(setting, edges);
  const Evidence evidence = evidence_of(setting, readings);
  PlanOutcome outcome = decide(setting, readings, evidence, offer);
  outcome.evidence = evidence;
  outcome.best = readings.front().query;
  account(setting, readings.front(), outcome);
  name_candidates(setting, readings, outcome);
  return outcome;
}

void with_best_reading(const Lexicon& lexicon, const PlanRequest& request,
                       const std::function<void(const Setting&, const Reading&)>& use) {
  const auto& project = lexicon.index().project();
  const std::vector<Token> tokens = tokens_of(request.question);
  const Setting setting{lexicon,
                        request,
                        tokens,
                        {request.today, project.fiscal_year_start_month, project.week_starts_on}};
  if (refuse_at_sight(setting)) return;
  Edges edges;
  edges.reserve(256);
  const std::vector<Reading> readings = readings_of(setting, edges);
  use(setting, readings.front());
}

}  // namespace planner

PlanOutcome plan(const Vocabulary& vocabulary, const PlanRequest& request) {
  return planner::plan_once(static_cast<const planner::Lexicon&>(vocabulary), request, true);
}

}  // namespace loquat::semantic
