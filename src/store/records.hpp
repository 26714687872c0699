#pragma once
#include "writer.hpp"

/// The small stores: one or two tables each.
namespace loquat::store {

class SqliteIdempotency final : public contracts::IdempotencyStore {
 public:
  SqliteIdempotency(Writer& writer, const WallClock& wall) : writer_(writer), wall_(wall) {}
  contracts::Task<Result<std::optional<contracts::IdempotencyRecord>>> find(
      std::string scope) override;
  contracts::Task<Result<void>> put(contracts::IdempotencyRecord record) override;

 private:
  Writer& writer_;
  const WallClock& wall_;
};

class SqliteProfiles final : public contracts::ProfileStore {
 public:
  explicit SqliteProfiles(Writer& writer) : writer_(writer) {}
  contracts::Task<Result<std::optional<std::string>>> load(std::string tenant_id,
                                                           std::string user_id) override;
  contracts::Task<Result<void>> save(std::string tenant_id, std::string user_id,
                                     std::string json) override;
  contracts::Task<Result<void>> forget(std::string tenant_id, std::string user_id) override;

 private:
  Writer& writer_;
};

class SqliteModels final : public contracts::ModelStore {
 public:
  explicit SqliteModels(Writer& writer) : writer_(writer) {}
  contracts::Task<Result<void>> save(contracts::StoredArtifacts artifacts) override;
  contracts::Task<Result<std::optional<contracts::StoredArtifacts>>> load() override;

 private:
  Writer& writer_;
};

class SqliteInsights final : public contracts::InsightStore {
 public:
  explicit SqliteInsights(Writer& writer) : writer_(writer) {}
  contracts::Task<Result<void>> put(wire::InsightEvent event) override;
  contracts::Task<Result<contracts::Page<wire::InsightEvent>>> list(std::string tenant_id,
                                                                    std::string cursor,
                                                                    std::size_t limit) override;

 private:
  Writer& writer_;
};

class SqliteTraces final : public contracts::TraceStore {
 public:
  explicit SqliteTraces(Writer& writer) : writer_(writer) {}
  contracts::Task<Result<void>> put(std::vector<Item> items) override;
  contracts::Task<Result<std::vector<Item>>> by_trace(std::string tenant_id,
                                                      std::string trace_id) override;
  contracts::Task<Result<std::optional<Item>>> by_key(std::string tenant_id, std::string kind,
                                                      std::string key) override;

 private:
  Writer& writer_;
};

class SqliteAuditChain final : public contracts::AuditChainStore {
 public:
  explicit SqliteAuditChain(Writer& writer) : writer_(writer) {}
  contracts::Task<Result<std::vector<Link>>> load(std::string writer) override;
  contracts::Task<Result<void>> save(std::vector<Link> links) override;

 private:
  Writer& writer_;
};

}  // namespace loquat::store
