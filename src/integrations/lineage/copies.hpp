#pragma once
#include <deque>
#include <memory>

#include "events.hpp"
#include "loquat/contracts/ports.hpp"
#include "loquat/degradation/bounded_buffer.hpp"
#include "loquat/degradation/guard.hpp"
#include "loquat/lineage/lineage.hpp"
#include "loquat/runtime/runtime.hpp"

namespace loquat::lineage {

/// What leaves for other services besides the topic.
struct Copy {
  wire::LineageEvent event;
  contracts::Principal principal;
  contracts::RequestContext context;
};

/// Sends copies, one after another, to whichever services are configured. A copy that cannot be
/// delivered is dropped and counted: the topic is the record.
class Copies {
 public:
  Copies(const LineageConfig& config, const Ports& ports);
  [[nodiscard]] bool is_wanted() const noexcept;
  void offer(Copy copy);
  /// Runs until cancelled.
  [[nodiscard]] contracts::Task<void> run();
  /// Counts what is left as dropped.
  void give_up();

 private:
  contracts::Task<void> send(const Copy& copy);
  contracts::Task<Result<void>> to_service(std::shared_ptr<const std::string> body,
                                           const Copy& copy, Time until);
  contracts::Task<Result<void>> to_catalog(const Copy& copy);
  void settle(const Result<void>& outcome);
  void dropped(DropReason reason, std::uint64_t count = 1);
  void show_depth();

  const LineageConfig& config_;
  const Ports& ports_;
  degradation::Guard guard_;
  degradation::BoundedBuffer<Copy> waiting_;
  runtime::Notification arrived_;
  std::uint64_t dropped_ = 0;
};

}  // namespace loquat::lineage
