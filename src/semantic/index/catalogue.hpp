#pragma once
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/item.hpp"
#include "index/entity_counts.hpp"
#include "index/join_graph.hpp"
#include "loquat/contracts/semantic_model.hpp"

namespace loquat::semantic {

/// Where a measure stands.
struct MeasureAt {
  const contracts::SemanticModel* model = nullptr;
  const contracts::Measure* measure = nullptr;
};

/// A custom granularity: a column of a time spine.
struct CustomGrain {
  const contracts::TimeSpine* spine = nullptr;
  std::string column;
};

/// The look-up tables over one import. What is broken in it was left out when it was built.
class Catalogue {
 public:
  Catalogue(std::shared_ptr<const contracts::ProjectModel> project,
            std::vector<contracts::ImportProblem>& problems);

  [[nodiscard]] const contracts::ProjectModel& project() const { return *project_; }
  [[nodiscard]] const JoinGraph& graph() const { return graph_; }
  [[nodiscard]] const contracts::Metric* metric(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> metric_names() const;
  /// Counts of entities that no metric of the project makes; their metrics are found by name too,
  /// but stand in no list.
  [[nodiscard]] const std::deque<EntityCount>& entity_counts() const { return counts_; }
  [[nodiscard]] const MeasureAt* measure(std::string_view name) const;
  [[nodiscard]] const Filter* filter(const std::string& text) const;
  [[nodiscard]] const CustomGrain* custom_grain(std::string_view name) const;
  /// Each once, in the project's order.
  [[nodiscard]] const std::vector<std::string>& custom_grain_names() const {
    return custom_grain_names_;
  }
  /// The coarsest time spine that is at least as fine as `grain`; null if there is none.
  [[nodiscard]] const contracts::TimeSpine* spine_for(contracts::Grain grain) const;
  /// Is there any dimension or entity of this name in the model?
  [[nodiscard]] bool knows_element(std::string_view name) const { return elements_.contains(name); }
  /// Lower-case columns of a model's relation if a catalog named them; else null.
  [[nodiscard]] const std::set<std::string, std::less<>>* columns_of(
      const contracts::SemanticModel& model) const;

  /// The measures a metric is made of, its inputs' included; of a conversion the base comes first.
  [[nodiscard]] std::vector<MeasureAt> leaves_of(const contracts::Metric& metric) const;
  /// The measure behind a simple metric, or a cumulative one, with what leads to it.
  struct Source {
    MeasureAt at;
    const contracts::MeasureInput* input = nullptr;
    std::vector<std::string> filters;
  };
  [[nodiscard]] Source source_of(const contracts::Metric& metric) const;
  [[nodiscard]] Source source_of(const contracts::MeasureInput& input) const;
  /// Base and conversion side of a conversion metric.
  [[nodiscard]] std::pair<Source, Source> sides_of(const contracts::Metric& metric) const;

 private:
  void index_measures(std::vector<contracts::ImportProblem>& problems);
  void index_metrics(std::vector<contracts::ImportProblem>& problems);
  void index_columns();
  void index_counts();
  [[nodiscard]] std::optional<std::string> fault_of(const contracts::Metric& metric);
  struct Weight {
    int parts = 1;
    std::string fault;  ///< empty: usable
    bool open = false;  ///< being weighed
  };
  const Weight& weigh(const contracts::Metric& metric, int depth,
                      std::map<const contracts::Metric*, Weight>& weights) const;
  [[nodiscard]] std::optional<std::string> learn_filters(const std::vector<std::string>& texts);
  void leaves(const contracts::Metric& metric, int depth, std::vector<MeasureAt>& out) const;

  std::shared_ptr<const contracts::ProjectModel> project_;
  JoinGraph graph_;
  std::deque<EntityCount> counts_;
  std::map<std::string, const contracts::Metric*, std::less<>> count_metrics_;
  std::map<std::string, const contracts::Metric*, std::less<>> metrics_;
  std::map<std::string, MeasureAt, std::less<>> measures_;
  std::map<std::string, Filter, std::less<>> filters_;
  std::map<std::string, CustomGrain, std::less<>> custom_grains_;
  std::vector<std::string> custom_grain_names_;
  std::set<std::string, std::less<>> elements_;
  std::map<const contracts::SemanticModel*, std::set<std::string, std::less<>>> columns_;
};

}  // namespace loquat::semantic
