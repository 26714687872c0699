#include "known_follow_ups.hpp"

#include "loquat/base/time_format.hpp"

namespace loquat::copilot {
namespace {

/// About what a request and its candidates hold beside the question.
constexpr std::size_t kBytes = 8U << 10U;

std::string key_of(const CandidateRequest& request) {
  const auto date = [](const std::optional<Date>& day) {
    return day ? format_date(*day) : std::string();
  };
  CacheKey key;
  key.add_address(request.model->vocabulary.get());
  key.add(request.question).add(format_date(request.today)).add(std::to_string(request.most));
  key.add(date(request.model->data_start)).add(date(request.model->data_end));
  for (const auto& name : request.query.metrics) key.add(name);
  key.add("by");
  for (const auto& name : request.query.group_by) key.add(name);
  return key.take();
}

}  // namespace

void KnownFollowUps::follow(const contracts::ModelSnapshot& model) {
  if (index_ == model.index) return;
  kept_.clear();
  index_ = model.index;
}

KnownFollowUps::Candidates KnownFollowUps::find(const CandidateRequest& request) {
  follow(*request.model);
  const auto known = kept_.find(key_of(request));
  if (!known || known->request.query != request.query ||
      known->vocabulary.lock() != request.model->vocabulary)
    return nullptr;
  return Candidates(known, &known->candidates);
}

void KnownFollowUps::put(const CandidateRequest& request, std::vector<Candidate> candidates) {
  follow(*request.model);
  auto kept =
      std::make_shared<Kept>(Kept{request, std::move(candidates), request.model->vocabulary});
  kept->request.model = nullptr;  // a model that nobody uses any more is not held by this
  kept_.put(key_of(request), std::move(kept), kBytes + request.question.size());
}

}  // namespace loquat::copilot
