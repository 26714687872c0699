#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "loquat/semantic/semantic.hpp"

namespace loquat::semantic {

class ModelIndex {
 public:
  /// Indexes one import. What cannot be used (a metric over a missing measure, a broken filter
  /// template) is left out and appended to `problems`; the rest works. Cost: linear; run it on the
  /// worker pool.
  [[nodiscard]] static std::shared_ptr<const ModelIndex> build(
      std::shared_ptr<const contracts::ProjectModel> project,
      std::vector<contracts::ImportProblem>& problems);
  virtual ~ModelIndex() = default;

  [[nodiscard]] virtual const contracts::ProjectModel& project() const = 0;
  /// Names in any case; nullptr if there is none.
  [[nodiscard]] virtual const contracts::Metric* metric(std::string_view name) const = 0;

  /// Metrics that the project does not declare: how many there are of each entity that is the
  /// primary one of one semantic model. Found by `metric` and compiled like any other; in no list.
  struct EntityCount {
    std::string entity;
    const contracts::Metric* metric = nullptr;
    bool has_date = false;  ///< rows that happen: counted along their date
  };
  [[nodiscard]] virtual std::vector<EntityCount> entity_counts() const = 0;

  /// What all of `metrics` can be grouped by and filtered on, joins included, `metric_time` first.
  /// Empty `metrics`: every dimension and entity of the model. Errors: invalid_request for an
  /// unknown metric.
  [[nodiscard]] virtual Result<std::vector<DimensionInfo>> dimensions_for(
      std::span<const std::string> metrics) const = 0;
  /// Metrics that can be grouped by all of `dimensions` (output names without grain).
  [[nodiscard]] virtual std::vector<std::string> metrics_for(
      std::span<const std::string> dimensions) const = 0;

  /// Errors: invalid_request, with one FieldIssue per wrong item (pointer into the query, e.g.
  /// `/group_by/1`), naming what is near or allowed; unreachable paths and fan-out included.
  [[nodiscard]] virtual Result<CompiledQuery> compile(const contracts::MetricQuery& query,
                                                      const CompileOptions& options) const = 0;

  /// SELECT of the distinct values of one dimension with their counts, most frequent first, at
  /// most `limit`, under the options' row filters. Errors: forbidden, as of compile().
  [[nodiscard]] virtual Result<std::string> values_of(const DimensionInfo& dimension,
                                                      std::string_view search, std::int64_t limit,
                                                      const CompileOptions& options) const = 0;
};

/// SELECT of the distinct values of one dimension with their counts, most frequent first, bounded.
[[nodiscard]] std::string dimension_values_sql(const DimensionInfo& dimension,
                                               std::string_view search, std::int64_t limit,
                                               Dialect dialect);

}  // namespace loquat::semantic
