#include "semantic/planner/model_subject.hpp"

#include <algorithm>
#include <set>

#include "semantic/language/word_forms.hpp"
#include "semantic/planner/wording.hpp"

namespace loquat::semantic::planner {
namespace {

constexpr double kSurelySaid = 0.84;
constexpr std::size_t kListedMax = 20;

/// Words that only ask.
bool only_asks(const Token& token) {
  if (language::is_filler(token) || token.number) return true;
  for (const std::string_view word :
       {"metric",  "kpi",        "measure",   "about",     "related",   "relate",
        "concern", "concerning", "regarding", "available", "dimension", "exist",
        "there",   "field",      "attribute", "track",     "cover",     "around",
        "topic",   "subject",    "concerned", "kpis"})
    if (token.stem == word || token.text == word) return true;
  return false;
}

class SubjectSearch {
 public:
  SubjectSearch(const Lexicon& lexicon, const std::vector<Token>& tokens) : lexicon_(lexicon) {
    for (const Token& token : tokens)
      if (!only_asks(token)) subjects_.push_back(words_of(token));
  }

  std::optional<ModelAnswer> run() const {
    if (subjects_.empty()) return std::nullopt;
    ModelAnswer answer;
    std::string metrics, dimensions;
    for (const MetricEntry& entry : lexicon_.metrics) {
      if (answer.metrics.size() == kListedMax) break;
      if (!entry.counted_entity.empty() || !about(entry)) continue;
      answer.metrics.push_back(entry.metric->name);
      metrics += "\n- **" + metric_label(lexicon_.index(), entry.metric->name) + "** (`" +
                 entry.metric->name + "`)";
      if (!entry.metric->description.empty()) metrics += ": " + entry.metric->description;
    }
    std::set<std::uint32_t> columns;
    for (const DimensionEntry& entry : lexicon_.dimensions) {
      if (columns.size() == kListedMax) break;
      if (entry.info.personal_data || entry.info.is_entity || !about(entry)) continue;
      if (!columns.insert(entry.column).second) continue;
      dimensions +=
          "\n- " + dimension_label(lexicon_, entry.info.name) + " (`" + entry.info.name + "`)";
      if (!entry.info.description.empty()) dimensions += ": " + entry.info.description;
    }
    if (answer.metrics.empty() && columns.empty()) return std::nullopt;
    if (!metrics.empty()) answer.text = "Metrics:\n" + metrics;
    if (!dimensions.empty())
      answer.text +=
          (metrics.empty() ? "" : "\n\n") + std::string("To split and filter by:\n") + dimensions;
    return answer;
  }

 private:
  using Words = std::set<std::uint32_t>;

  /// The words of the model that `token` may be; related ones where it is none by itself.
  [[nodiscard]] Words words_of(const Token& token) const {
    Words found;
    for (const Hit& hit : lexicon_.hits(token))
      if (hit.likeness >= kSurelySaid) found.insert(hit.word);
    return found;
  }

  template <class List>
  [[nodiscard]] static bool meets(const Words& words, const List& list) {
    return std::any_of(list.begin(), list.end(),
                       [&](std::uint32_t word) { return words.contains(word); });
  }

  [[nodiscard]] bool about(const MetricEntry& entry) const {
    return std::all_of(subjects_.begin(), subjects_.end(), [&](const Words& words) {
      return meets(words, entry.said) || meets(words, entry.context) || in_model_of(entry, words);
    });
  }
  /// The names of its tables, not those of all their columns.
  [[nodiscard]] bool in_model_of(const MetricEntry& entry, const Words& words) const {
    if (!entry.metric->measure) return false;
    for (const auto& model : lexicon_.index().project().semantic_models)
      for (const auto& measure : model.measures)
        if (measure.name == entry.metric->measure->measure)
          return names(words, model.name + " " + model.label);
    return false;
  }
  [[nodiscard]] bool names(const Words& words, std::string_view text) const {
    for (const Token& token : language::words_of_name(text))
      for (const std::uint32_t word : words)
        if (lexicon_.words[word].stem == token.stem || lexicon_.words[word].root == token.root)
          return true;
    return false;
  }
  [[nodiscard]] bool about(const DimensionEntry& entry) const {
    const auto cut = entry.info.name.rfind("__");
    const std::string own =
        cut == std::string::npos ? entry.info.name : entry.info.name.substr(cut);
    std::string text = own + " " + entry.info.label + " " + entry.info.description + " " +
                       entry.info.semantic_model;
    for (const std::string& synonym : entry.info.synonyms) text += " " + synonym;
    std::replace(text.begin(), text.end(), '_', ' ');
    return std::all_of(subjects_.begin(), subjects_.end(),
                       [&](const Words& words) { return names(words, text); });
  }

  const Lexicon& lexicon_;
  std::vector<Words> subjects_;
};

}  // namespace

std::optional<ModelAnswer> about_subject(const Lexicon& lexicon, const std::vector<Token>& tokens) {
  return SubjectSearch(lexicon, tokens).run();
}

}  // namespace loquat::semantic::planner
