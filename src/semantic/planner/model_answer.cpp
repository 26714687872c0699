#include "semantic/planner/model_answer.hpp"

#include <algorithm>
#include <array>

#include "semantic/language/word_forms.hpp"
#include "semantic/planner/wording.hpp"

namespace loquat::semantic::planner {
namespace {

enum class About { none, definition, splits, metrics, dimensions, everything, fiscal_year };

class ModelQuestion {
 public:
  explicit ModelQuestion(const Setting& setting) : setting_(setting), tokens_(setting.tokens) {}

  std::optional<ModelAnswer> answer() {
    const About about = kind();
    switch (about) {
      case About::none:
        return std::nullopt;
      case About::fiscal_year:
        return fiscal_year();
      case About::everything:
      case About::metrics:
        return list_metrics();
      case About::dimensions:
      case About::splits:
        return splits(subject());
      case About::definition:
        break;
    }
    auto metric = subject();
    // `how is that calculated?` asks about the last answer.
    const auto& last = setting_.request.previous;
    if (!metric && last && !last->query.metrics.empty() &&
        (has("that") || has("this") || has("it")))
      metric = setting_.lexicon.metric_id(last->query.metrics[0]);
    if (!metric || *metric >= setting_.lexicon.metrics.size()) return std::nullopt;
    return definition(*metric);
  }

 private:
  [[nodiscard]] std::string_view text(std::size_t at) const {
    return at < tokens_.size() ? std::string_view(tokens_[at].text) : std::string_view();
  }
  [[nodiscard]] bool has(std::string_view stem) const {
    return std::any_of(tokens_.begin(), tokens_.end(), [&](const Token& token) {
      return token.stem == stem || token.text == stem;
    });
  }
  [[nodiscard]] bool says(std::initializer_list<std::string_view> words) const {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      std::size_t ahead = i;
      bool all = true;
      for (const std::string_view word : words) all = all && text(ahead++) == word;
      if (all) return true;
    }
    return false;
  }

  [[nodiscard]] About kind() const {
    const bool owner =
        text(0) == "who" && (has("own") || has("owner") || has("responsible") || has("maintain"));
    if (owner) return About::definition;
    const bool asks = text(0) == "by" || text(0) == "can" || text(0) == "what" ||
                      text(0) == "which" || text(0) == "how" || text(0) == "when" ||
                      text(0) == "list" || text(0) == "show";
    if (has("fiscal") && (has("start") || has("begin")) && (text(0) == "when" || has("month")))
      return About::fiscal_year;
    if (text(0) == "help" && tokens_.size() <= 2) return About::everything;
    if (says({"can", "i", "ask"}) || says({"can", "you", "answer"}) || says({"can", "you", "do"}) ||
        says({"could", "i", "ask"}))
      return About::everything;
    const bool by_nothing = text(0) == "by" || tokens_.back().text == "by" || !has("by") ||
                            says({"split", "by"}) || says({"grouped", "by"}) ||
                            says({"broken", "down", "by"});
    const bool splitting = has("split") || has("group") || has("break") || has("broken") ||
                           has("slice") || has("grouped") || has("sliced") || has("segment") ||
                           has("drill");
    if (asks && splitting && (has("can") || has("could") || has("possible")) && by_nothing)
      return About::splits;
    if (asks &&
        (says({"be", "split"}) || says({"be", "grouped"}) || says({"split", "by"}) ||
         says({"be", "broken"}) || says({"can", "i", "split"}) || says({"can", "i", "group"})))
      return by_nothing ? About::splits : About::none;
    if (asks && has("dimension")) return About::dimensions;
    if (asks && (has("metric") || has("kpi") || has("measure") || has("kpis")))
      return About::metrics;
    const bool orders = text(0) == "define" || text(0) == "explain" || text(0) == "describe";
    const bool what_is_a = text(0) == "what" && (text(1) == "is" || text(1) == "are") &&
                           (text(2) == "a" || text(2) == "an") && tokens_.size() <= 7;
    const bool comes_from = text(0) == "where" && says({"come", "from"}) && !has("most");
    if (comes_from) return About::definition;
    const bool tell_about = says({"tell", "me", "about"}) || says({"know", "about"});
    if (what_is_a || tell_about) return About::definition;
    const bool mean = text(0) == "what" && text(1) == "does" && tokens_.back().text == "mean";
    const bool how = (text(0) == "how" && !(has("many") || has("much")) &&
                      (has("measured") || has("derived"))) ||
                     (text(0) == "how" && (has("defined") || has("calculated") || has("computed") ||
                                           has("calculate") || has("compute") || has("define"))) ||
                     (has("definition"));
    return orders || mean || how ? About::definition : About::none;
  }

  /// The metric whose name the question says best.
  [[nodiscard]] std::optional<std::uint32_t> subject() const {
    Edges edges;
    add_vocabulary_edges(setting_.lexicon, tokens_, edges);
    const Edge* best = nullptr;
    for (const Edge& edge : edges)
      if (edge.kind == EdgeKind::metric && (best == nullptr || edge.score > best->score))
        best = &edge;
    if (best == nullptr || best->missing > 1.5) return std::nullopt;
    return best->metric;
  }

  [[nodiscard]] ModelAnswer fiscal_year() const {
    static constexpr std::array<std::string_view, 12> kMonths = {
        "January", "February", "March",     "April",   "May",      "June",
        "July",    "August",   "September", "October", "November", "December"};
    const int month = setting_.calendar.fiscal_year_start_month;
    return {"The fiscal year starts in " +
                std::string(kMonths[static_cast<std::size_t>(std::clamp(month, 1, 12) - 1)]) + ".",
            {}};
  }

  [[nodiscard]] ModelAnswer list_metrics() const {
    ModelAnswer answer;
    answer.text = "These metrics can be asked for:\n";
    constexpr std::size_t kShownMax = 60;
    for (const MetricEntry& entry : setting_.lexicon.metrics) {
      if (!entry.counted_entity.empty()) continue;
      if (answer.metrics.size() == kShownMax) {
        answer.text +=
            "\nand " + std::to_string(setting_.lexicon.metrics.size() - kShownMax) + " more.";
        break;
      }
      answer.metrics.push_back(entry.metric->name);
      answer.text += "\n- **" + metric_label(setting_.lexicon.index(), entry.metric->name) + "**";
      if (!entry.metric->description.empty()) answer.text += ": " + entry.metric->description;
    }
    return answer;
  }

  [[nodiscard]] std::string split_list(std::optional<std::uint32_t> metric) const {
    std::string text;
    const auto& dimensions = setting_.lexicon.dimensions;
    for (std::uint32_t id = 0; id < dimensions.size(); ++id) {
      const DimensionEntry& entry = dimensions[id];
      if (entry.info.personal_data && !setting_.request.may_see_personal_data) continue;
      if (metric && !setting_.lexicon.metrics[*metric].reaches[id]) continue;
      text += "\n- " + (entry.info.name == "metric_time"
                            ? std::string("time: day, week, month, quarter, year")
                            : dimension_label(setting_.lexicon, entry.info.name) + " (`" +
                                  entry.info.name + "`)");
    }
    return text;
  }

  [[nodiscard]] ModelAnswer splits(std::optional<std::uint32_t> metric) const {
    if (!metric) return {"Metrics can be split by:\n" + split_list(metric), {}};
    const std::string& name = setting_.lexicon.metrics[*metric].metric->name;
    return {"**" + metric_label(setting_.lexicon.index(), name) + "** can be split by:\n" +
                split_list(metric),
            {name}};
  }

  [[nodiscard]] ModelAnswer definition(std::uint32_t id) const {
    const contracts::Metric& metric = *setting_.lexicon.metrics[id].metric;
    const ModelIndex& index = setting_.lexicon.index();
    ModelAnswer answer;
    answer.metrics.push_back(metric.name);
    answer.text = "**" + metric_label(index, metric.name) + "** (`" + metric.name + "`, " +
                  std::string(name_of(metric.type)) + ")";
    if (!metric.description.empty()) answer.text += ": " + metric.description;
    answer.text += "\n" + formula(metric);
    for (const std::string& filter : metric.filters)
      answer.text += "\n- only where `" + filter + "`";
    contracts::MetricQuery query;
    query.metrics = {metric.name};
    if (const auto grain = grain_needed(setting_.lexicon, metric))
      query.group_by = {"metric_time__" + std::string(name_of(*grain))};
    if (const auto compiled = index.compile(query, {})) {
      std::vector<std::string> columns;
      for (const std::string& column : compiled->source_columns)
        columns.push_back("`" + column + "`");
      if (!columns.empty()) answer.text += "\n- from " + join_words(columns);
    }
    if (metric.meta.unit) answer.text += "\n- unit: " + *metric.meta.unit;
    const auto owner = index.project().group_owners.find(metric.group);
    if (owner != index.project().group_owners.end()) answer.text += "\n- owner: " + owner->second;
    return answer;
  }

  [[nodiscard]] std::string formula(const contracts::Metric& metric) const {
    using contracts::MetricType;
    if (metric.type == MetricType::ratio && metric.numerator && metric.denominator)
      return "\n- `" + metric.numerator->metric + "` / `" + metric.denominator->metric + "`";
    if (metric.type == MetricType::derived) return "\n- `" + metric.expr + "`";
    for (const auto& model : index().project().semantic_models)
      for (const auto& measure : model.measures)
        if (metric.measure && measure.name == metric.measure->measure)
          return "\n- `" + std::string(name_of(measure.agg)) + "(" + measure.expr + ")` over `" +
                 model.name + "`";
    return "";
  }
  [[nodiscard]] const ModelIndex& index() const { return setting_.lexicon.index(); }

  const Setting& setting_;
  const std::vector<Token>& tokens_;
};

}  // namespace

std::optional<ModelAnswer> answer_about_model(const Setting& setting) {
  if (setting.tokens.empty()) return std::nullopt;
  return ModelQuestion(setting).answer();
}

}  // namespace loquat::semantic::planner
