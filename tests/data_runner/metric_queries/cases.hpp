#pragma once
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "database.hpp"
#include "loquat/contracts/metric_query.hpp"
#include "loquat/semantic/model_index.hpp"

namespace loquat::golden {

using Json = nlohmann::json;

[[nodiscard]] Json data_file(const std::string& name);
[[nodiscard]] std::string warehouse_path();
/// The sample project's index from one folder of artifacts; problems fail the test.
[[nodiscard]] std::shared_ptr<const semantic::ModelIndex> index_of(const std::string& folder,
                                                                   bool manifest_alone);
[[nodiscard]] contracts::MetricQuery query_of(const Json& args);
/// What differs, or nothing. `columns` are names; rows are compared as multisets unless `ordered`.
[[nodiscard]] std::string compare(const std::vector<std::string>& columns,
                                  std::vector<std::vector<std::string>> expected, bool ordered,
                                  const Answer& answer);
[[nodiscard]] std::vector<std::vector<std::string>> rows_of(const Json& rows);

}  // namespace loquat::golden
