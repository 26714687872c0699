#include "loquat/semantic/model_index.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>

#include "compiler/compile.hpp"
#include "compiler/dialect.hpp"
#include "compiler/resolve.hpp"
#include "compiler/sql_tokens.hpp"
#include "index/catalogue.hpp"
#include "index/words.hpp"

namespace loquat::semantic {
namespace {

using contracts::Grain;
using contracts::Metric;
using contracts::SemanticModel;

constexpr std::size_t kHopsListed = 2;

bool holds_personal_data(const Catalogue& catalogue, const SemanticModel& model,
                         const contracts::Meta& meta, const std::string& expr) {
  if (meta.personal_data) return *meta.personal_data;
  const auto node = catalogue.project().nodes.find(model.model_unique_id);
  if (node == catalogue.project().nodes.end()) return false;
  const auto words = column_words(expr);
  return std::ranges::any_of(node->second.columns, [&](const contracts::ColumnNode& column) {
    return column.meta.personal_data.value_or(false) &&
           std::ranges::any_of(
               words, [&](const std::string& word) { return lower(word) == lower(column.name); });
  });
}

std::vector<std::string> grains_from(const Catalogue& catalogue, Grain finest) {
  std::vector<std::string> out;
  for (const auto& [grain, name] : EnumNames<Grain>::names)
    if (grain >= finest) out.emplace_back(name);
  const auto& custom = catalogue.custom_grain_names();
  out.insert(out.end(), custom.begin(), custom.end());
  return out;
}

std::string name_of(const JoinGraph::Named& named) {
  Item item;
  item.links = named.links;
  item.element = named.at.dimension ? named.at.dimension->name : named.at.entity->name;
  return item.path_name();
}

DimensionInfo info_of(const Catalogue& catalogue, const JoinGraph::Named& named) {
  const Reached& at = named.at;
  DimensionInfo out;
  out.name = name_of(named);
  out.is_entity = at.entity != nullptr;
  out.semantic_model = at.model->name;
  out.relation = at.model->relation.rendered;
  for (const Hop& hop : at.hops) out.entity_path.push_back(hop.to_entity->name);
  const contracts::Meta& meta = at.dimension ? at.dimension->meta : at.entity->meta;
  out.label = at.dimension ? at.dimension->label : at.entity->label;
  out.description = at.dimension ? at.dimension->description : at.entity->description;
  out.expr = at.dimension ? at.dimension->expr : at.entity->expr;
  out.synonyms = meta.synonyms;
  out.personal_data = holds_personal_data(catalogue, *at.model, meta, out.expr);
  if (at.dimension && at.dimension->type == contracts::DimensionType::time) {
    out.is_time = true;
    out.grains = grains_from(catalogue, at.dimension->grain);
  }
  return out;
}

class Index final : public ModelIndex {
 public:
  Index(std::shared_ptr<const contracts::ProjectModel> project,
        std::vector<contracts::ImportProblem>& problems)
      : catalogue_(std::move(project), problems) {
    for (const SemanticModel& model : catalogue_.project().semantic_models)
      by_model_.emplace(&model, std::make_unique<Listing>());
  }

  const contracts::ProjectModel& project() const override { return catalogue_.project(); }
  const Metric* metric(std::string_view name) const override { return catalogue_.metric(name); }

  std::vector<ModelIndex::EntityCount> entity_counts() const override {
    std::vector<ModelIndex::EntityCount> out;
    for (const auto& count : catalogue_.entity_counts())
      out.push_back({count.entity, &count.metric, !count.measure.agg_time_dimension.empty()});
    return out;
  }

  Result<std::vector<DimensionInfo>> dimensions_for(
      std::span<const std::string> metrics) const override {
    if (metrics.empty()) return every_dimension();
    std::vector<MeasureAt> leaves;
    std::vector<FieldIssue> issues;
    for (std::size_t i = 0; i < metrics.size(); ++i) {
      const Metric* metric = catalogue_.metric(metrics[i]);
      if (!metric) {
        issues.push_back({"/metrics/" + std::to_string(i),
                          "unknown_metric: there is no metric '" + metrics[i] + "'; near are " +
                              join(nearest(lower(metrics[i]), catalogue_.metric_names()), ", ")});
        continue;
      }
      for (const MeasureAt& leaf : catalogue_.leaves_of(*metric)) leaves.push_back(leaf);
    }
    if (!issues.empty()) return Error{Errc::invalid_request, issues.front().message, issues};
    return common_to(leaves);
  }

  std::vector<std::string> metrics_for(std::span<const std::string> dimensions) const override {
    std::vector<std::string> out;
    for (const std::string& name : catalogue_.metric_names()) {
      const auto leaves = catalogue_.leaves_of(*catalogue_.metric(name));
      const bool all = std::ranges::all_of(dimensions, [&](const std::string& dimension) {
        return std::ranges::all_of(leaves, [&](const MeasureAt& leaf) {
          if (lower(dimension) == "metric_time") return time_of(leaf) != nullptr;
          return reached_by(leaf, lower(dimension));
        });
      });
      if (all) out.push_back(name);
    }
    return out;
  }

  Result<CompiledQuery> compile(const contracts::MetricQuery& query,
                                const CompileOptions& options) const override {
    return compile_query(catalogue_, query, options);
  }

  Result<std::string> values_of(const DimensionInfo& dimension, std::string_view search,
                                std::int64_t limit, const CompileOptions& options) const override {
    return compile_values(catalogue_, dimension, search, limit, options);
  }

 private:
  /// What a model reaches, made when it is first asked for: a large project has thousands.
  struct Listing {
    std::once_flag made;
    std::vector<DimensionInfo> infos;
  };

  [[nodiscard]] const std::vector<DimensionInfo>& listing_of(const SemanticModel& model) const {
    Listing& listing = *by_model_.at(&model);
    std::call_once(listing.made, [&] {
      std::map<std::string, int> ways;
      const auto reached = catalogue_.graph().reachable(model, kHopsListed);
      for (const auto& named : reached) ++ways[name_of(named)];
      for (const auto& named : reached)
        if (ways[name_of(named)] == 1) listing.infos.push_back(info_of(catalogue_, named));
    });
    return listing.infos;
  }

  [[nodiscard]] DimensionInfo metric_time(Grain finest) const {
    DimensionInfo out;
    out.name = "metric_time";
    out.label = "Time";
    out.description = "The time by which each metric is aggregated.";
    out.is_time = true;
    out.grains = grains_from(catalogue_, finest);
    if (const auto* spine = catalogue_.spine_for(Grain::day)) {
      out.relation = spine->relation.rendered;
      out.expr = spine->column;
    }
    return out;
  }

  [[nodiscard]] std::vector<DimensionInfo> common_to(const std::vector<MeasureAt>& leaves) const {
    std::vector<DimensionInfo> out;
    Grain finest = Grain::nanosecond;
    bool timed = !leaves.empty();
    for (const MeasureAt& leaf : leaves) {
      const auto* time = time_of(leaf);
      timed = timed && time;
      if (time) finest = std::max(finest, time->grain);
    }
    if (timed) out.push_back(metric_time(finest));
    std::set<std::string> seen;
    for (const MeasureAt& leaf : leaves)
      for (const DimensionInfo& info : listing_of(*leaf.model))
        if (seen.insert(info.name).second && reached_by_all(leaves, info)) out.push_back(info);
    return out;
  }

  [[nodiscard]] bool reached_by(const MeasureAt& leaf, std::string_view name) const {
    auto links = split_dunder(name);
    const std::string element = links.back();
    links.pop_back();
    return catalogue_.graph().find(*leaf.model, links, element).size() == 1;
  }
  [[nodiscard]] bool reached_by_all(const std::vector<MeasureAt>& leaves,
                                    const DimensionInfo& info) const {
    return std::ranges::all_of(leaves,
                               [&](const MeasureAt& leaf) { return reached_by(leaf, info.name); });
  }

  /// Each dimension once, under the name that its own model gives it.
  [[nodiscard]] std::vector<DimensionInfo> every_dimension() const {
    std::vector<DimensionInfo> out{metric_time(Grain::nanosecond)};
    std::map<std::string, bool> seen;
    for (const SemanticModel& model : catalogue_.project().semantic_models)
      for (const auto& named : catalogue_.graph().reachable(model, 0))
        if (!std::exchange(seen[name_of(named)], true)) out.push_back(info_of(catalogue_, named));
    return out;
  }

  Catalogue catalogue_;
  std::map<const SemanticModel*, std::unique_ptr<Listing>> by_model_;
};

}  // namespace

std::shared_ptr<const ModelIndex> ModelIndex::build(
    std::shared_ptr<const contracts::ProjectModel> project,
    std::vector<contracts::ImportProblem>& problems) {
  return std::make_shared<Index>(std::move(project), problems);
}

std::string dimension_values_sql(const DimensionInfo& dimension, std::string_view search,
                                 std::int64_t limit, Dialect dialect) {
  std::string out = "SELECT " + dimension.expr + " AS value, COUNT(*) AS occurrences\nFROM " +
                    dimension.relation + "\nWHERE " + in_parentheses(dimension.expr) +
                    " IS NOT NULL";
  if (!search.empty()) out += "\n  AND " + words_of(dialect).text_match(dimension.expr, search);
  return out + "\nGROUP BY 1\nORDER BY 2 DESC, 1\nLIMIT " +
         std::to_string(std::max<std::int64_t>(limit, 0));
}

}  // namespace loquat::semantic
