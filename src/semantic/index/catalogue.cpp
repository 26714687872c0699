#include "index/catalogue.hpp"

#include <algorithm>

#include "compiler/sql_tokens.hpp"
#include "index/words.hpp"

namespace loquat::semantic {

using contracts::ImportProblem;
using contracts::MeasureInput;
using contracts::Metric;
using contracts::MetricInput;
using contracts::MetricType;
using contracts::SemanticModel;

namespace {
constexpr int kMetricDepthMax = 32;
constexpr int kMetricPartsMax = 500;

std::vector<const MetricInput*> inputs_of(const Metric& metric) {
  std::vector<const MetricInput*> out;
  if (metric.numerator) out.push_back(&*metric.numerator);
  if (metric.denominator) out.push_back(&*metric.denominator);
  for (const MetricInput& input : metric.inputs) out.push_back(&input);
  return out;
}
}  // namespace

Catalogue::Catalogue(std::shared_ptr<const contracts::ProjectModel> project,
                     std::vector<ImportProblem>& problems)
    : project_(std::move(project)), graph_(*project_) {
  for (const SemanticModel& model : project_->semantic_models) {
    for (const auto& dimension : model.dimensions) elements_.insert(lower(dimension.name));
    for (const auto& entity : model.entities) elements_.insert(lower(entity.name));
  }
  for (const auto& spine : project_->time_spines)
    for (const auto& custom : spine.custom_granularities)
      if (custom_grains_.emplace(lower(custom.name), CustomGrain{&spine, custom.column}).second)
        custom_grain_names_.push_back(custom.name);
  index_columns();
  index_measures(problems);
  index_metrics(problems);
  index_counts();
}

void Catalogue::index_counts() {
  counts_ = entity_counts_of(*project_);
  for (const EntityCount& count : counts_) {
    measures_.emplace(lower(count.measure.name), MeasureAt{count.model, &count.measure});
    count_metrics_.emplace(lower(count.metric.name), &count.metric);
  }
}

void Catalogue::index_columns() {
  for (const SemanticModel& model : project_->semantic_models) {
    const auto node = project_->nodes.find(model.model_unique_id);
    if (node == project_->nodes.end()) continue;
    const auto& columns = node->second.columns;
    // Only a catalog lists every column, and only it knows their types.
    if (columns.empty() ||
        std::ranges::any_of(columns, [](const auto& column) { return column.data_type.empty(); }))
      continue;
    for (const auto& column : columns) columns_[&model].insert(lower(column.name));
  }
}

void Catalogue::index_measures(std::vector<ImportProblem>& problems) {
  for (const SemanticModel& model : project_->semantic_models)
    for (const auto& measure : model.measures) {
      const auto [_, fresh] = measures_.emplace(lower(measure.name), MeasureAt{&model, &measure});
      if (!fresh)
        problems.push_back({"semantic_manifest", "/semantic_models",
                            "measure '" + measure.name + "' stands twice; the second is left out"});
    }
}

void Catalogue::index_metrics(std::vector<ImportProblem>& problems) {
  for (std::size_t i = 0; i < project_->metrics.size(); ++i) {
    const Metric& metric = project_->metrics[i];
    auto fault = fault_of(metric);
    if (!fault && !metrics_.emplace(lower(metric.name), &metric).second)
      fault = "stands twice; the second is left out";
    if (fault)
      problems.push_back({"semantic_manifest", "/metrics/" + std::to_string(i),
                          "metric '" + metric.name + "': " + *fault});
  }
  std::map<const Metric*, Weight> weights;  // a metric over one that was left out is left out too
  for (const auto& [_, metric] : metrics_) weigh(*metric, 0, weights);
  for (const auto& [metric, weight] : weights) {
    if (weight.fault.empty()) continue;
    problems.push_back({"semantic_manifest",
                        "/metrics/" + std::to_string(metric - project_->metrics.data()),
                        "metric '" + metric->name + "': " + weight.fault});
    metrics_.erase(lower(metric->name));
  }
}

std::optional<std::string> Catalogue::learn_filters(const std::vector<std::string>& texts) {
  for (const std::string& text : texts) {
    auto parsed = parse_filter(text);
    if (const auto* error = std::get_if<TemplateError>(&parsed))
      return "filter cannot be read: " + error->message;
    filters_.emplace(text, std::move(std::get<Filter>(parsed)));
  }
  return std::nullopt;
}

std::optional<std::string> Catalogue::fault_of(const Metric& metric) {
  std::vector<const MeasureInput*> measures;
  if (metric.measure) measures.push_back(&*metric.measure);
  if (metric.conversion && metric.conversion->base_measure)
    measures.push_back(&*metric.conversion->base_measure);
  if (metric.conversion && metric.conversion->conversion_measure)
    measures.push_back(&*metric.conversion->conversion_measure);
  for (const MeasureInput* input : measures) {
    if (!measure(input->measure)) return "there is no measure '" + input->measure + "'";
    if (auto fault = learn_filters(input->filters)) return fault;
  }
  if (auto fault = learn_filters(metric.filters)) return fault;
  for (const MetricInput* input : inputs_of(metric))
    if (auto fault = learn_filters(input->filters)) return fault;
  switch (metric.type) {
    case MetricType::simple:
      if (!metric.measure) return "a simple metric needs a measure or an aggregation";
      break;
    case MetricType::ratio:
      if (!metric.numerator || !metric.denominator)
        return "a ratio needs a numerator and a denominator";
      break;
    case MetricType::derived:
      if (metric.expr.empty() || metric.inputs.empty())
        return "a derived metric needs an expr and metrics";
      break;
    case MetricType::cumulative:
      if (!metric.measure && metric.inputs.size() != 1)
        return "a cumulative metric needs a measure or a metric";
      break;
    case MetricType::conversion:
      if (!metric.conversion || metric.conversion->entity.empty())
        return "a conversion metric needs an entity";
      break;
  }
  return std::nullopt;
}

/// Counts the parts that a metric is computed from, each use of an input anew, and finds what is
/// wrong with its inputs: missing, circular, far too many.
const Catalogue::Weight& Catalogue::weigh(const Metric& metric, int depth,
                                          std::map<const Metric*, Weight>& weights) const {
  const auto [at, fresh] = weights.try_emplace(&metric);
  Weight& own = at->second;
  if (!fresh) {
    if (own.open) own.fault = "its inputs go round in a circle";
    return own;
  }
  own.open = true;
  std::vector<std::string> names;
  for (const MetricInput* input : inputs_of(metric)) names.push_back(input->metric);
  if (const auto& conversion = metric.conversion) {
    if (!conversion->base_measure) names.push_back(conversion->base_metric);
    if (!conversion->conversion_measure) names.push_back(conversion->conversion_metric);
  }
  const bool over_simple =
      metric.type == MetricType::cumulative || metric.type == MetricType::conversion;
  for (const std::string& name : names) {
    const Metric* input = this->metric(name);
    if (!input)
      own.fault = "there is no usable metric '" + name + "' for it";
    else if (over_simple && input->type != MetricType::simple)
      own.fault = "its input '" + name + "' must be a simple metric";
    else if (depth > kMetricDepthMax)
      own.fault = "its inputs are nested too deep";
    else if (const Weight& below = weigh(*input, depth + 1, weights); !below.fault.empty())
      own.fault = "its input '" + name + "' cannot be used: " + below.fault;
    else
      own.parts += below.parts;
    if (own.parts > kMetricPartsMax) own.fault = "it is made of too many parts";
    if (!own.fault.empty()) break;
  }
  own.open = false;
  return own;
}

const Metric* Catalogue::metric(std::string_view name) const {
  const std::string key = lower(name);
  if (const auto found = metrics_.find(key); found != metrics_.end()) return found->second;
  const auto count = count_metrics_.find(key);
  return count == count_metrics_.end() ? nullptr : count->second;
}

std::vector<std::string> Catalogue::metric_names() const {
  std::vector<std::string> out;
  for (const auto& [_, metric] : metrics_) out.push_back(metric->name);
  return out;
}

const MeasureAt* Catalogue::measure(std::string_view name) const {
  const auto found = measures_.find(lower(name));
  return found == measures_.end() ? nullptr : &found->second;
}

const Filter* Catalogue::filter(const std::string& text) const {
  const auto found = filters_.find(text);
  return found == filters_.end() ? nullptr : &found->second;
}

const CustomGrain* Catalogue::custom_grain(std::string_view name) const {
  const auto found = custom_grains_.find(name);
  return found == custom_grains_.end() ? nullptr : &found->second;
}

const contracts::TimeSpine* Catalogue::spine_for(contracts::Grain grain) const {
  const contracts::TimeSpine* best = nullptr;
  for (const auto& spine : project_->time_spines)
    if (spine.grain <= grain && (!best || spine.grain > best->grain)) best = &spine;
  return best;
}

const std::set<std::string, std::less<>>* Catalogue::columns_of(const SemanticModel& model) const {
  const auto found = columns_.find(&model);
  return found == columns_.end() ? nullptr : &found->second;
}

Catalogue::Source Catalogue::source_of(const MeasureInput& input) const {
  return {*measure(input.measure), &input, input.filters};
}

Catalogue::Source Catalogue::source_of(const Metric& metric) const {
  if (metric.measure) {
    Source out = source_of(*metric.measure);
    out.filters.insert(out.filters.end(), metric.filters.begin(), metric.filters.end());
    return out;
  }
  const MetricInput& input = metric.inputs.front();
  Source out = source_of(*this->metric(input.metric));
  out.filters.insert(out.filters.end(), input.filters.begin(), input.filters.end());
  out.filters.insert(out.filters.end(), metric.filters.begin(), metric.filters.end());
  return out;
}

std::pair<Catalogue::Source, Catalogue::Source> Catalogue::sides_of(const Metric& metric) const {
  const auto& own = *metric.conversion;
  Source base =
      own.base_measure ? source_of(*own.base_measure) : source_of(*this->metric(own.base_metric));
  Source conversion = own.conversion_measure ? source_of(*own.conversion_measure)
                                             : source_of(*this->metric(own.conversion_metric));
  base.filters.insert(base.filters.end(), metric.filters.begin(), metric.filters.end());
  return {std::move(base), std::move(conversion)};
}

void Catalogue::leaves(const Metric& metric, int depth, std::vector<MeasureAt>& out) const {
  if (depth > kMetricDepthMax) return;
  if (metric.type == MetricType::conversion) {
    out.push_back(sides_of(metric).first.at);
  } else if (metric.measure) {
    out.push_back(*measure(metric.measure->measure));
  } else {
    for (const MetricInput* input : inputs_of(metric))
      leaves(*this->metric(input->metric), depth + 1, out);
  }
}

std::vector<MeasureAt> Catalogue::leaves_of(const Metric& metric) const {
  std::vector<MeasureAt> out;
  leaves(metric, 0, out);
  return out;
}

}  // namespace loquat::semantic
