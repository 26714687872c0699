#pragma once
#include <cstddef>
#include <list>
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
  [[nodiscard]] std::size_t waiting() const noexcept { return waiters_.size(); }

 private:
  struct Waiter;
  Executor executor_;
  std::list<Waiter*> waiters_;
};

/// Slots with a bounded line before them: bounded concurrency.
class Semaphore {
 public:
  /// `slots` work at a time, `waiting_max` wait in order; who comes after them is refused.
  Semaphore(Executor executor, std::size_t slots, std::size_t waiting_max);
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;

  class Permit {
   public:
    Permit() = default;
    Permit(Permit&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)) {}
    Permit& operator=(Permit&& other) noexcept {
      std::swap(owner_, other.owner_);
      return *this;
    }
    ~Permit() {
      if (owner_) owner_->release();
    }

   private:
    friend class Semaphore;
    explicit Permit(Semaphore* owner) : owner_(owner) {}
    Semaphore* owner_ = nullptr;
  };
  /// First come, first served. Errors: overloaded (the line is full), timed_out.
  [[nodiscard]] Task<Result<Permit>> acquire(Time deadline = kNever);
  [[nodiscard]] std::optional<Permit> try_acquire() noexcept;
  [[nodiscard]] std::size_t available() const noexcept { return available_; }
  [[nodiscard]] std::size_t waiting() const noexcept { return waiters_.size(); }

 private:
  struct Waiter;
  void release() noexcept;
  Executor executor_;
  std::size_t available_;
  std::size_t waiting_max_;
  std::list<Waiter*> waiters_;
};

/// Lets callers in until it closes; closing waits for those inside.
class Gate {
 public:
  explicit Gate(Executor executor) : left_(std::move(executor)) {}
  class Pass {
   public:
    Pass() = default;
    Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Pass& operator=(Pass&& other) noexcept {
      std::swap(gate_, other.gate_);
      return *this;
    }
    ~Pass() {
      if (gate_) gate_->leave();
    }

   private:
    friend class Gate;
    explicit Pass(Gate* gate) : gate_(gate) {}
    Gate* gate_ = nullptr;
  };
  /// Nothing once closed.
  [[nodiscard]] std::optional<Pass> enter() noexcept;
  /// Refuses newcomers from now on.
  void shut() noexcept { open_ = false; }
  /// Shuts, then waits until everybody has left (true) or `deadline` has come (false).
  [[nodiscard]] Task<bool> close(Time deadline = kNever);
  [[nodiscard]] std::size_t inside() const noexcept { return inside_; }
  [[nodiscard]] bool is_open() const noexcept { return open_; }

 private:
  void leave() noexcept;
  Notification left_;
  std::size_t inside_ = 0;
  bool open_ = true;
};

}  // namespace loquat::runtime
