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
  contracts::Task<Result<std::string>> latest(std::string tenant_id, std::string event_id) override;
  contracts::Task<Result<std::vector<wire::FeedbackEvent>>> said_by(Filter filter,
                                                                    std::string user_id,
                                                                    std::size_t limit) override;
  contracts::Task<Result<void>> put_answer(contracts::AnswerFacts facts) override;
  contracts::Task<Result<std::vector<contracts::QualityRow>>> quality(Filter filter, Facet by,
                                                                      std::size_t limit) override;
  contracts::Task<Result<std::vector<wire::LearningSignal>>> signals(Filter filter,
                                                                     std::string after_event_id,
                                                                     std::size_t limit) override;

 private:
  Writer& writer_;
};

}  // namespace loquat::store
