#pragma once
#include <memory>
#include <string>
#include <vector>

#include "loquat/contracts/learnt.hpp"
#include "loquat/contracts/ports.hpp"

namespace loquat::agents {
struct LearntBook;
}  // namespace loquat::agents

/// Ports of what people taught: kept, taken in, and used by turns. Loop thread only.
namespace loquat::contracts {

class LearntStore {
 public:
  virtual ~LearntStore() = default;
  /// Durable; replaces the item of the same tenant and id.
  [[nodiscard]] virtual Task<Result<void>> put(LearntItem item) = 0;
  [[nodiscard]] virtual Task<Result<void>> remove(std::string tenant_id, std::string id) = 0;
  /// In order of id, at most `limit`. Empty `tenant_id`: of all tenants.
  [[nodiscard]] virtual Task<Result<std::vector<LearntItem>>> list(std::string tenant_id,
                                                                   std::size_t limit) = 0;
  /// Durable. How often a check of this event was begun without an end, this one included: what
  /// ends the process each time it is tried is known by it.
  [[nodiscard]] virtual Task<Result<std::int64_t>> begin_check(std::string tenant_id,
                                                               std::string event_id) = 0;
  [[nodiscard]] virtual Task<Result<void>> end_check(std::string tenant_id,
                                                     std::string event_id) = 0;
};

/// Takes corrections that the feedback pipeline has stored.
class CorrectionSink {
 public:
  virtual ~CorrectionSink() = default;
  /// `event`: verified feedback of any type; only corrections and votes against learnt answers do
  /// something. Idempotent by event_id. Success: what it teaches is kept. Errors: those of the
  /// store; the caller tries again.
  [[nodiscard]] virtual Task<Result<void>> learn(wire::FeedbackEvent event) = 0;
};

/// What a turn may use. The book fits the snapshot's vocabulary; nullptr: nothing was taught, or
/// the store is away (the planner then answers alone).
class LearntQueries {
 public:
  virtual ~LearntQueries() = default;
  [[nodiscard]] virtual Task<std::shared_ptr<const agents::LearntBook>> book(
      std::string tenant_id, std::shared_ptr<const ModelSnapshot> model) = 0;
  /// The answer `response_id` was made with this item.
  virtual void used(std::string tenant_id, std::string id, std::string response_id) = 0;
};

}  // namespace loquat::contracts
