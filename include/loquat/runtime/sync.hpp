#pragma once
#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "loquat/base/result.hpp"
#include "loquat/runtime/task.hpp"

/// Awaitable meeting points. Loop thread only. Each must outlive who waits at it.
namespace loquat::runtime {

/// A condition to wait for. No wake-up is lost between a check and a wait, as both run on the loop
/// without a suspension between them:
///   while (!log.has_more(cursor)) co_await changed.wait();
class Notification {
 public:
  explicit Notification(Executor executor) : executor_(std::move(executor)) {}
  Notification(const Notification&) = delete;
  Notification& operator=(const Notification&) = delete;
  /// Wakes everybody who waits now. Who waits is resumed later, never from within this call.
  void notify_all() noexcept;
  /// Until the next notify_all. Throws operation_aborted if cancelled.
  [[nodiscard]] Task<void> wait();
  /// True if notified, false if `at` came first.
  [[nodiscard]] Task<bool> wait_until(Time at);
  [[nodiscard]] std::size_t waiting() const noexcept { return waiters_->size(); }

 private:
  struct Waiter;
  struct Enlisted;
  Executor executor_;
  // Shared with who waits: a loop that is torn down destroys them after this.
  std::shared_ptr<std::list<Waiter*>> waiters_ = std::make_shared<std::list<Waiter*>>();
};

/// Slots with a bounded line before them: bounded concurrency.
class Semaphore {
 public:
  /// `slots` work at a time, `waiting_max` wait in order; who comes after them is refused.
  Semaphore(Executor executor, std::size_t slots, std::size_t waiting_max);
  ~Semaphore();
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;

 private:
  struct State;

 public:
  /// Gives its slot back when it dies.
  class Permit {
   public:
    Permit() = default;
    Permit(Permit&&) noexcept = default;
    Permit& operator=(Permit&& other) noexcept {
      owner_.swap(other.owner_);
      return *this;
    }
    ~Permit();

   private:
    friend class Semaphore;
    explicit Permit(std::shared_ptr<State> owner) : owner_(std::move(owner)) {}
    std::shared_ptr<State> owner_;
  };
  /// First come, first served. Errors: overloaded (the line is full), timed_out.
  [[nodiscard]] Task<Result<Permit>> acquire(Time deadline = kNever);
  [[nodiscard]] std::optional<Permit> try_acquire() noexcept;
  [[nodiscard]] std::size_t available() const noexcept;
  [[nodiscard]] std::size_t waiting() const noexcept;

 private:
  std::shared_ptr<State> state_;
};

/// Lets callers in until it closes; closing waits for those inside.
class Gate {
 private:
  struct State {
    explicit State(Executor executor) : left(std::move(executor)) {}
    Notification left;
    std::size_t inside = 0;
    bool is_open = true;
  };

 public:
  explicit Gate(Executor executor) : state_(std::make_shared<State>(std::move(executor))) {}
  class Pass {
   public:
    Pass() = default;
    Pass(Pass&&) noexcept = default;
    Pass& operator=(Pass&& other) noexcept {
      gate_.swap(other.gate_);
      return *this;
    }
    ~Pass();

   private:
    friend class Gate;
    explicit Pass(std::shared_ptr<State> gate) : gate_(std::move(gate)) {}
    std::shared_ptr<State> gate_;
  };
  /// Nothing once closed.
  [[nodiscard]] std::optional<Pass> enter() noexcept;
  /// Refuses newcomers from now on.
  void shut() noexcept { state_->is_open = false; }
  /// Shuts, then waits until everybody has left (true) or `deadline` has come (false).
  [[nodiscard]] Task<bool> close(Time deadline = kNever);
  [[nodiscard]] std::size_t inside() const noexcept { return state_->inside; }
  [[nodiscard]] bool is_open() const noexcept { return state_->is_open; }

 private:
  std::shared_ptr<State> state_;
};

}  // namespace loquat::runtime
