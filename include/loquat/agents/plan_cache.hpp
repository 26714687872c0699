#pragma once
#include <memory>
#include <optional>
#include <string>

#include "loquat/agents/actions.hpp"
#include "loquat/base/recent_cache.hpp"

namespace loquat::agents {

/// Plans of questions that were asked before. Planning is pure, so a plan holds as long as all that
/// it was made from: the question as it was written, the day, what the conversation's last query
/// was, the caller's row filters and rights, what was taught, and the model with the values that
/// the caller may know of. A sync empties the cache. Bounded; loop thread only.
class PlanCache {
 public:
  PlanCache(std::size_t entries_max, std::size_t bytes_max) : plans_(entries_max, bytes_max) {}
  /// Empty: this task's outcome is not kept (a language model's proposal, or nothing may be kept).
  [[nodiscard]] std::string key_of(const PlanTask& task) const;
  [[nodiscard]] std::optional<PlanDone> find(const PlanTask& task, std::string_view key);
  void put(const PlanTask& task, std::string key, const PlanDone& done);
  [[nodiscard]] std::size_t size() const noexcept { return plans_.size(); }
  [[nodiscard]] std::size_t bytes() const noexcept { return plans_.bytes(); }

 private:
  struct Kept {
    PlanDone done;
    std::shared_ptr<const LearntBook> learnt;              ///< its address is in the key
    std::weak_ptr<const semantic::Vocabulary> vocabulary;  ///< as well; held by its users alone
  };
  void follow(const contracts::ModelSnapshot& model);
  RecentCache<Kept> plans_;
  std::shared_ptr<const semantic::ModelIndex> index_;
};

}  // namespace loquat::agents
