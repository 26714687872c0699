#pragma once
#include "writer.hpp"

namespace loquat::store {

class SqliteFeedback final : public contracts::FeedbackStore {
 public:
  explicit SqliteFeedback(Writer& writer) : writer_(writer) {}
  contracts::Task<Result<bool>> put(contracts::FeedbackRow row,
                                    std::vector<wire::LearningSignal> signals) override;
  contracts::Task<Result<std::optional<wire::FeedbackEvent>>> find(std::string tenant_id,
                                                                   std::string event_id) override;
  contracts::Task<Result<contracts::FeedbackCounts>> count(Filter filter) override;
  contracts::Task<Result<std::vector<wire::LearningSignal>>> signals(Filter filter,
                                                                     std::string after_event_id,
                                                                     std::size_t limit) override;

 private:
  Writer& writer_;
};

}  // namespace loquat::store
