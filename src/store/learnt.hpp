#pragma once
#include "loquat/contracts/learning.hpp"
#include "writer.hpp"

namespace loquat::store {

class SqliteLearnt final : public contracts::LearntStore {
 public:
  explicit SqliteLearnt(Writer& writer) : writer_(writer) {}
  contracts::Task<Result<void>> put(contracts::LearntItem item) override;
  contracts::Task<Result<void>> remove(std::string tenant_id, std::string id) override;
  contracts::Task<Result<std::vector<contracts::LearntItem>>> list(std::string tenant_id,
                                                                   std::size_t limit) override;
  contracts::Task<Result<std::int64_t>> begin_check(std::string tenant_id,
                                                    std::string event_id) override;
  contracts::Task<Result<void>> end_check(std::string tenant_id, std::string event_id) override;

 private:
  Writer& writer_;
};

}  // namespace loquat::store
