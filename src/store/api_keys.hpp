#pragma once
#include "writer.hpp"

namespace loquat::store {

class SqliteApiKeys final : public contracts::ApiKeyStore {
 public:
  explicit SqliteApiKeys(Writer& writer) : writer_(writer) {}
  contracts::Task<Result<std::vector<contracts::ApiKeyRecord>>> load() override;
  contracts::Task<Result<void>> put(contracts::ApiKeyRecord record) override;
  contracts::Task<Result<void>> remove(std::string tenant_id, std::string key_id) override;
  contracts::Task<Result<void>> touch(std::vector<std::pair<std::string, WallTime>> uses) override;

 private:
  Writer& writer_;
};

}  // namespace loquat::store
