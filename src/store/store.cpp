#include "loquat/store/store.hpp"

#include "api_keys.hpp"
#include "feedback.hpp"
#include "learnt.hpp"
#include "records.hpp"
#include "sessions.hpp"

namespace loquat::store {
namespace {

class SqliteStore final : public Store {
 public:
  SqliteStore(StoreConfig config, StorePorts ports)
      : writer_(config, ports),
        sessions_(writer_, config.log_max_events),
        feedback_(writer_),
        idempotency_(writer_, ports.wall),
        profiles_(writer_),
        models_(writer_),
        insights_(writer_),
        traces_(writer_),
        audit_chain_(writer_),
        learnt_(writer_),
        api_keys_(writer_) {}
  contracts::SessionStore& sessions() override { return sessions_; }
  contracts::FeedbackStore& feedback() override { return feedback_; }
  contracts::IdempotencyStore& idempotency() override { return idempotency_; }
  contracts::ProfileStore& profiles() override { return profiles_; }
  contracts::ModelStore& models() override { return models_; }
  contracts::InsightStore& insights() override { return insights_; }
  contracts::TraceStore& traces() override { return traces_; }
  contracts::AuditChainStore& audit_chain() override { return audit_chain_; }
  contracts::LearntStore& learnt() override { return learnt_; }
  contracts::ApiKeyStore& api_keys() override { return api_keys_; }
  std::size_t depth() const override { return writer_.depth(); }
  void stop() override { writer_.stop(); }

 private:
  Writer writer_;
  SqliteSessions sessions_;
  SqliteFeedback feedback_;
  SqliteIdempotency idempotency_;
  SqliteProfiles profiles_;
  SqliteModels models_;
  SqliteInsights insights_;
  SqliteTraces traces_;
  SqliteAuditChain audit_chain_;
  SqliteLearnt learnt_;
  SqliteApiKeys api_keys_;
};

}  // namespace

std::unique_ptr<Store> make_store(StoreConfig config, StorePorts ports) {
  return std::make_unique<SqliteStore>(std::move(config), std::move(ports));
}

}  // namespace loquat::store
