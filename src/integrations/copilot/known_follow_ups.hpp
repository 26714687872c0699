#pragma once
#include <memory>
#include <string>
#include <vector>

#include "candidates.hpp"
#include "loquat/base/recent_cache.hpp"

namespace loquat::copilot {

/// Follow-ups of answers that were given before: they depend on nothing but the request, so they
/// hold until a sync, which empties the cache; each vocabulary (what a caller may know of) has its
/// own. Bounded; loop thread only.
class KnownFollowUps {
 public:
  using Candidates = std::shared_ptr<const std::vector<Candidate>>;
  /// Null: not known.
  [[nodiscard]] Candidates find(const CandidateRequest& request);
  void put(const CandidateRequest& request, std::vector<Candidate> candidates);

 private:
  struct Kept {
    CandidateRequest request;  ///< its query tells those apart that have the same key
    std::vector<Candidate> candidates;
    std::weak_ptr<const semantic::Vocabulary> vocabulary;  ///< its address is in the key
  };
  void follow(const contracts::ModelSnapshot& model);
  RecentCache<Kept> kept_{500, 8U << 20U};
  std::shared_ptr<const semantic::ModelIndex> index_;
};

}  // namespace loquat::copilot
