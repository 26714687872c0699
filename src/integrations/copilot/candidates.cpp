#include "candidates.hpp"

#include <algorithm>
#include <set>

namespace loquat::copilot {
namespace {

using contracts::MetricQuery;
using semantic::DimensionInfo;

constexpr double kConfidenceMin = 0.5;
constexpr std::size_t kTriesMax = 12;

struct Draft {
  std::string type, message;
};

std::string phrase_of(const DimensionInfo& dimension) {
  if (!dimension.label.empty()) return dimension.label;
  std::string words;
  for (const char c : dimension.name.substr(
           dimension.name.rfind("__") == std::string::npos ? 0 : dimension.name.rfind("__") + 2))
    words += c == '_' ? ' ' : c;
  return words;
}

bool is_grouped_by(const MetricQuery& query, const std::string& name) {
  return std::ranges::any_of(query.group_by,
                             [&](const auto& item) { return item.starts_with(name); });
}
bool is_filtered_by(const MetricQuery& query, const std::string& name) {
  return std::ranges::any_of(
      query.where, [&](const auto& where) { return where.find(name) != std::string::npos; });
}

/// Few joins first, and those whose author described them: what people are most likely to ask for.
std::vector<DimensionInfo> splitting_dimensions(const semantic::ModelIndex& index,
                                                const MetricQuery& query) {
  std::vector<DimensionInfo> useful;
  auto all = index.dimensions_for(query.metrics);
  if (!all) return useful;
  for (auto& dimension : *all) {
    if (dimension.is_time || dimension.is_entity || dimension.personal_data) continue;
    if (is_grouped_by(query, dimension.name) || is_filtered_by(query, dimension.name)) continue;
    useful.push_back(std::move(dimension));
  }
  const auto rank = [](const DimensionInfo& d) {
    return static_cast<int>(d.entity_path.size()) - (d.label.empty() ? 0 : 1) -
           (d.description.empty() ? 0 : 2) - (d.synonyms.empty() ? 0 : 2);
  };
  std::ranges::sort(useful, [&](const auto& a, const auto& b) {
    return rank(a) != rank(b) ? rank(a) < rank(b) : a.name < b.name;
  });
  return useful;
}

std::vector<Draft> drafts_for(const CandidateRequest& request) {
  std::vector<Draft> drafts;
  const bool has_time = is_grouped_by(request.query, "metric_time");
  const bool has_range = request.query.start_time && request.query.end_time;
  const auto dimensions = splitting_dimensions(*request.model->index, request.query);
  const auto split = [&](std::size_t i) {
    if (i < dimensions.size()) drafts.push_back({"drill_down", "by " + phrase_of(dimensions[i])});
  };
  split(0);
  if (!has_time) drafts.push_back({"over_time", "by month"});
  if (has_time) drafts.push_back({"over_time", "by quarter"});
  if (has_range && !request.query.comparison && !has_time)
    drafts.push_back({"compare", "compared with the previous period"});
  if (!request.query.group_by.empty() && request.query.shares.empty() && !has_time)
    drafts.push_back({"share", "as a percentage of the total"});
  for (std::size_t i = 1; i < 6; ++i) split(i);
  return drafts;
}

std::optional<Candidate> prove(const contracts::ModelSnapshot& model, const Draft& draft,
                               const semantic::PlanRequest& plan_request,
                               const MetricQuery* before) {
  auto outcome = semantic::plan(*model.vocabulary, plan_request);
  const auto* planned = std::get_if<semantic::Planned>(&outcome.result);
  if (planned == nullptr || outcome.confidence < kConfidenceMin) return std::nullopt;
  if (before != nullptr && planned->query == *before) return std::nullopt;
  if (before != nullptr && planned->query.metrics != before->metrics) return std::nullopt;
  if (!model.index->compile(planned->query, {})) return std::nullopt;
  return Candidate{draft.type, draft.message, outcome.confidence, planned->query};
}

}  // namespace

std::vector<Candidate> follow_ups(const CandidateRequest& request) {
  std::vector<Candidate> proven;
  std::set<std::string> types;
  std::size_t tries = 0;
  const auto drafts = drafts_for(request);
  const auto try_draft = [&](const Draft& draft) {
    ++tries;
    semantic::PlanRequest plan_request;
    plan_request.question = draft.message;
    plan_request.today = request.today;
    plan_request.previous = semantic::PreviousTurn{request.question, request.query, {}};
    plan_request.data_start = request.model->data_start;
    plan_request.data_end = request.model->data_end;
    auto candidate = prove(*request.model, draft, plan_request, &request.query);
    if (!candidate) return;
    const bool is_known = std::ranges::any_of(
        proven, [&](const Candidate& known) { return known.query == candidate->query; });
    if (is_known) return;
    types.insert(draft.type);
    proven.push_back(std::move(*candidate));
  };
  // Different kinds of follow-ups first; a second of one kind only where there is room left.
  for (const bool may_repeat : {false, true}) {
    for (const auto& draft : drafts) {
      if (proven.size() >= request.most || tries > kTriesMax) break;
      if (types.contains(draft.type) == may_repeat) try_draft(draft);
    }
  }
  return proven;
}

std::vector<Candidate> starters(const contracts::ModelSnapshot& model, Date today,
                                std::size_t most) {
  std::vector<const contracts::Metric*> metrics;
  for (const auto& metric : model.index->project().metrics)
    if (!metric.is_private) metrics.push_back(&metric);
  const auto rank = [](const contracts::Metric& m) {
    return (m.label.empty() ? 0 : 1) + (m.description.empty() ? 0 : 1) +
           (m.meta.synonyms.empty() ? 0 : 1) + (m.type == contracts::MetricType::simple ? 1 : 0);
  };
  std::ranges::sort(metrics, [&](const auto* a, const auto* b) {
    return rank(*a) != rank(*b) ? rank(*a) > rank(*b) : a->name < b->name;
  });
  std::vector<Candidate> proven;
  for (const auto* metric : metrics) {
    if (proven.size() >= most || proven.size() + kTriesMax < most) break;
    const std::string name = metric->label.empty() ? metric->name : metric->label;
    const std::string ending = proven.size() % 2 == 0 ? " by month" : "";
    semantic::PlanRequest plan_request;
    plan_request.question = name + ending;
    plan_request.today = today;
    plan_request.data_start = model.data_start;
    plan_request.data_end = model.data_end;
    if (auto candidate = prove(model, {"starter", name + ending}, plan_request, nullptr))
      proven.push_back(std::move(*candidate));
  }
  return proven;
}

}  // namespace loquat::copilot
