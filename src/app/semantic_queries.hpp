#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "loquat/base/sources.hpp"
#include "loquat/contracts/ports.hpp"
#include "loquat/runtime/runtime.hpp"
#include "loquat/semantic/semantic.hpp"

namespace loquat::app {

/// Joins the semantic room, the query engine and masking for /api/v1/semantic.
class SemanticService final : public contracts::SemanticQueries {
 public:
  struct Ports {
    contracts::SemanticModels& models;
    contracts::QueryEngine& engine;
    contracts::ColumnTags& tags;
    runtime::WorkerPool& workers;
    Sources sources;
    std::int64_t row_limit = 10'000;
    std::int64_t stream_rows_max = 1'000'000;
  };
  explicit SemanticService(Ports ports) : ports_(ports) {}

  Result<std::vector<contracts::SemanticName>> metrics(
      const contracts::Principal& principal) override;
  Result<std::vector<contracts::SemanticName>> dimensions(
      const contracts::Principal& principal, std::vector<std::string> metrics) override;
  Result<std::vector<contracts::SemanticName>> entities(const contracts::Principal& principal,
                                                        std::vector<std::string> metrics) override;
  contracts::Task<Result<std::vector<std::string>>> dimension_values(
      contracts::Principal principal, contracts::RequestContext context, std::string dimension,
      std::string search, std::size_t limit, Time deadline) override;
  Result<std::vector<contracts::SavedQueryInfo>> saved_queries(
      const contracts::Principal& principal) override;
  contracts::Task<Result<contracts::SemanticQueryResult>> compile(contracts::Principal principal,
                                                                  contracts::RequestContext context,
                                                                  wire::QueryShape query,
                                                                  std::string dialect) override;
  contracts::Task<Result<contracts::SemanticQueryResult>> query(contracts::Principal principal,
                                                                contracts::RequestContext context,
                                                                wire::QueryShape query,
                                                                Time deadline) override;
  contracts::Task<Result<std::unique_ptr<contracts::SemanticStream>>> open(
      contracts::Principal principal, contracts::RequestContext context, wire::QueryShape query,
      Time deadline) override;

 private:
  class Stream;
  struct Compiled;
  Result<std::shared_ptr<const contracts::ModelSnapshot>> model() const;
  Result<std::vector<contracts::SemanticName>> names(std::vector<std::string> metrics,
                                                     bool entities) const;
  contracts::Task<Result<Compiled>> compile_shape(wire::QueryShape query, std::string dialect,
                                                  semantic::CompileOptions options);
  Ports ports_;
};

}  // namespace loquat::app
