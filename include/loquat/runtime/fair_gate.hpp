#pragma once
#include <memory>
#include <optional>
#include <string>

#include "loquat/base/result.hpp"
#include "loquat/observability/metrics.hpp"
#include "loquat/runtime/fair_queue.hpp"
#include "loquat/runtime/task.hpp"

namespace loquat::runtime {

/// FairQueue for coroutines: bounded concurrency that tenants and users share. Loop thread only.
class FairGate {
 public:
  struct Claim {
    std::string group, member;
  };
  /// What is counted; default ones count nowhere.
  struct Meters {
    observability::Gauge running, waiting;
    observability::Counter refused;
  };
  FairGate(Executor executor, FairQueue::Limits limits, Meters meters = {});
  ~FairGate();
  FairGate(const FairGate&) = delete;
  FairGate& operator=(const FairGate&) = delete;

 private:
  struct State;

 public:
  /// Gives its slot back when it dies.
  class Permit {
   public:
    Permit() = default;
    Permit(Permit&& other) noexcept;
    Permit& operator=(Permit&& other) noexcept;
    ~Permit();

   private:
    friend class FairGate;
    Permit(std::shared_ptr<State> owner, FairQueue::Ticket ticket);
    std::shared_ptr<State> owner_;
    FairQueue::Ticket ticket_ = 0;
    Time began_{};
  };
  /// Errors: overloaded (the whole line is full), rate_limited (the claimant's own share of it is),
  /// timed_out. Cancellable.
  [[nodiscard]] Task<Result<Permit>> acquire(Claim claim, Time deadline);
  /// The error by which `acquire` would refuse now; nothing if it would take the claim.
  [[nodiscard]] std::optional<Error> refusal(const Claim& claim) const;
  /// How long a newcomer would wait, by how long slots were held lately; zero while slots are free.
  [[nodiscard]] Clock::duration expected_wait() const noexcept;
  [[nodiscard]] std::size_t running() const noexcept;
  [[nodiscard]] std::size_t waiting() const noexcept;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace loquat::runtime
