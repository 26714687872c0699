// long: one answer for each kind of question about a model.
#include "semantic/planner/model_answer.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "semantic/language/word_forms.hpp"
#include "semantic/planner/model_subject.hpp"
#include "semantic/planner/wording.hpp"

namespace loquat::semantic::planner {
namespace {

enum class About {
  none,
  definition,
  splits,
  metrics,
  dimensions,
  everything,
  fiscal_year,
  week_start,
  subject,
  difference,
  freshness
};

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
      case About::week_start:
        return week_start();
      case About::subject:
        return about_subject(setting_.lexicon, tokens_);
      case About::difference:
        return difference();
      case About::freshness:
        return freshness();
      case About::everything:
        return list_metrics();
      case About::metrics:
        if (auto some = about_subject(setting_.lexicon, tokens_)) return some;
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
    const bool week =
        has("week") && (text(0) == "when" || text(0) == "what" || text(0) == "which" ||
                        text(0) == "on" || text(0) == "do" || text(0) == "does");
    if (week && (has("start") || has("begin") || has("first")) && !subject())
      return About::week_start;
    if (has("difference") || has("differ") || says({"differs", "from"})) return About::difference;
    if (about_freshness()) return About::freshness;
    if (says({"stand", "for"}) && text(0) == "what") return About::definition;
    if (about_a_subject()) return About::subject;
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
                     (text(0) == "how" && (says({"worked", "out"}) || says({"work", "out"}) ||
                                           says({"arrived", "at"}) || says({"figured", "out"}) ||
                                           says({"made", "up"}) || has("determined"))) ||
                     has("definition") || has("meaning") || says({"is", "meant", "by"}) ||
                     ((text(0) == "what" || text(0) == "when") &&
                      (says({"counts", "as"}) || says({"count", "as"}) || says({"counted", "as"}) ||
                       says({"qualifies", "as"}) || says({"considered", "a"})));
    return orders || mean || how ? About::definition : About::none;
  }

  /// `what do we know about shipping`, `what data do you have on reviews`.
  [[nodiscard]] bool about_a_subject() const {
    if (text(0) != "what" && text(0) != "which" && text(0) != "is" && text(0) != "do" &&
        text(0) != "tell")
      return false;
    const bool about = says({"know", "about"}) || says({"have", "about"}) || says({"have", "on"}) ||
                       says({"is", "there", "about"}) || says({"is", "there", "on"}) ||
                       says({"ask", "about"});
    const bool data = has("data") || has("information") || has("info");
    const bool figures = has("many") || has("much");
    return (about || (data && (has("about") || has("on")) && text(0) != "tell")) && !figures;
  }

  /// `how fresh is X`, `when was X last updated`, `is X up to date`.
  [[nodiscard]] bool about_freshness() const {
    const bool how = text(0) == "how" && (text(1) == "fresh" || text(1) == "recent" ||
                                          text(1) == "current" || says({"up", "to", "date"}));
    const bool done = has("updated") || has("refreshed") || has("loaded") || has("synced") ||
                      has("refresh") || has("update");
    const bool when = text(0) == "when" && done;
    const bool is = (text(0) == "is" || text(0) == "are") && says({"up", "to", "date"});
    return how || when || is || has("freshness");
  }

  /// The metric whose name the question says best.
  [[nodiscard]] std::optional<std::uint32_t> subject() const {
    const Edge* best = nullptr;
    Edges edges;
    return best_metric(tokens_, edges, best);
  }
  [[nodiscard]] std::optional<std::uint32_t> best_metric(const std::vector<Token>& tokens,
                                                         Edges& edges, const Edge*& best) const {
    add_vocabulary_edges(setting_.lexicon, tokens, edges);
    for (const Edge& edge : edges)
      if (edge.kind == EdgeKind::metric && (best == nullptr || edge.score > best->score))
        best = &edge;
    if (best == nullptr || best->missing > 1.5) return std::nullopt;
    return best->metric;
  }

  [[nodiscard]] ModelAnswer week_start() const {
    static constexpr std::array<std::string_view, 7> kDays = {
        "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
    const int day = std::clamp(setting_.calendar.week_starts_on, 1, 7);
    return {"Weeks start on " + std::string(kDays[static_cast<std::size_t>(day - 1)]) + ".", {}};
  }

  /// The metric that one side of a difference names, every word of it understood.
  [[nodiscard]] std::optional<std::uint32_t> side(const std::vector<Token>& tokens) const {
    Edges edges;
    const Edge* best = nullptr;
    const auto found = best_metric(tokens, edges, best);
    if (!found) return std::nullopt;
    for (std::size_t i = 0; i < tokens.size(); ++i)
      if ((i < best->begin || i >= best->end) && !language::is_filler(tokens[i]))
        return std::nullopt;
    return found;
  }

  /// `gross and net tonnage`: two metrics, the first perhaps without the noun that both share.
  [[nodiscard]] std::optional<ModelAnswer> difference() const {
    std::size_t from = 0;
    while (from < tokens_.size() && !tokens_[from].stem.starts_with("differ")) ++from;
    const bool verb = text(from) == "differ" || text(from) == "differs";
    for (std::size_t cut = 1; cut + 1 < tokens_.size(); ++cut) {
      const std::string_view word = text(cut);
      if (verb
              ? word != "from"
              : word != "and" && word != "to" && word != "vs" && word != "versus" && word != "from")
        continue;
      if (!verb && cut <= from + 1) continue;
      const std::size_t first = verb ? 0 : from + 1;
      std::vector<Token> left,
          right(tokens_.begin() + static_cast<std::ptrdiff_t>(cut) + 1, tokens_.end());
      for (std::size_t i = first; i < cut; ++i)
        if (i != from) left.push_back(tokens_[i]);
      const auto two = side(right);
      auto one = side(left);
      if (two && !one && !right.empty()) {
        left.push_back(right.back());
        one = side(left);
      } else if (two && one == two) {
        left.push_back(right.back());
        one = side(left);
      }
      if (one && two && *one != *two) return compared(*one, *two);
    }
    return std::nullopt;
  }

  [[nodiscard]] ModelAnswer compared(std::uint32_t one, std::uint32_t two) const {
    ModelAnswer first = definition(one), second = definition(two);
    ModelAnswer answer{first.text + "\n\n" + second.text, {}};
    answer.metrics = {first.metrics[0], second.metrics[0]};
    if (setting_.lexicon.builds_on(one, two) || setting_.lexicon.builds_on(two, one)) {
      const bool left = setting_.lexicon.builds_on(one, two);
      answer.text += "\n\n" + name_shown(left ? one : two) + " is computed from " +
                     name_shown(left ? two : one) + ".";
    }
    std::vector<std::string> here, there;
    const auto& dimensions = setting_.lexicon.dimensions;
    for (std::uint32_t id = 0; id < dimensions.size(); ++id) {
      const bool left = setting_.lexicon.metrics[one].reaches[id];
      const bool right = setting_.lexicon.metrics[two].reaches[id];
      if (left == right || dimensions[id].info.personal_data) continue;
      constexpr std::size_t kShownMax = 8;
      auto& list = left ? here : there;
      if (list.size() < kShownMax)
        list.push_back(dimension_label(setting_.lexicon, dimensions[id].info.name));
    }
    if (!here.empty())
      answer.text += "\n- only " + name_shown(one) + " can be split by " + join_words(here);
    if (!there.empty())
      answer.text += "\n- only " + name_shown(two) + " can be split by " + join_words(there);
    return answer;
  }
  [[nodiscard]] std::string name_shown(std::uint32_t id) const {
    return metric_label(index(), setting_.lexicon.metrics[id].metric->name);
  }

  [[nodiscard]] std::optional<ModelAnswer> freshness() const {
    // `up to date` is no part of a name, as in `revenue to date`.
    std::vector<Token> named = tokens_;
    for (std::size_t i = 0; i + 2 < named.size(); ++i)
      if (named[i].text == "up" && named[i + 1].text == "to" && named[i + 2].text == "date")
        named.erase(named.begin() + static_cast<std::ptrdiff_t>(i),
                    named.begin() + static_cast<std::ptrdiff_t>(i) + 3);
    Edges edges;
    const Edge* best = nullptr;
    const auto metric = best_metric(named, edges, best);
    ModelAnswer answer;
    std::set<std::string> models;
    if (metric) {
      answer.metrics.push_back(setting_.lexicon.metrics[*metric].metric->name);
      contracts::MetricQuery query;
      query.metrics = answer.metrics;
      if (const auto grain =
              grain_needed(setting_.lexicon, *setting_.lexicon.metrics[*metric].metric))
        query.group_by = {"metric_time__" + std::string(name_of(*grain))};
      if (const auto compiled = index().compile(query, {}))
        models.insert(compiled->semantic_models.begin(), compiled->semantic_models.end());
    }
    const auto& project = index().project();
    answer.text = metric ? "**" + name_shown(*metric) + "**" : "**All data**";
    if (setting_.request.data_end)
      answer.text += ": the data reaches " +
                     language::say({setting_.request.data_end, setting_.request.data_end});
    for (const std::string& name : loaded_for(models)) answer.text += "\n- " + name;
    if (project.generated_at)
      answer.text += "\n- dbt wrote this model on " + moment(*project.generated_at);
    return answer;
  }

  /// `31 Dec 2025, 16:42 UTC`
  [[nodiscard]] static std::string moment(WallTime time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const Date date{day};
    return language::say({date, date}) + ", " + format_rfc3339(time).substr(11, 5) + " UTC";
  }

  /// What is known of when the tables behind these semantic models (none: all) were loaded.
  [[nodiscard]] std::vector<std::string> loaded_for(const std::set<std::string>& models) const {
    const auto& project = index().project();
    std::vector<std::string> open;
    std::set<std::string> seen;
    for (const auto& model : project.semantic_models)
      if (models.empty() || models.contains(model.name)) open.push_back(model.model_unique_id);
    std::vector<std::string> out;
    constexpr std::size_t kShownMax = 12;
    while (!open.empty() && out.size() < kShownMax) {
      const std::string id = open.back();
      open.pop_back();
      const auto node = project.nodes.find(id);
      if (!seen.insert(id).second || node == project.nodes.end()) continue;
      const contracts::ModelNode& known = node->second;
      open.insert(open.end(), known.depends_on.begin(), known.depends_on.end());
      if (!known.max_loaded_at && known.freshness_state.empty()) continue;
      std::string line = "`" + known.name + "`";
      if (known.max_loaded_at) line += " was loaded last on " + moment(*known.max_loaded_at);
      if (!known.freshness_state.empty()) line += " (freshness: " + known.freshness_state + ")";
      out.push_back(std::move(line));
    }
    return out;
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
