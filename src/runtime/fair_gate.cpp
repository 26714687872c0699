#include "loquat/runtime/fair_gate.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <unordered_map>
#include <utility>

#include "loquat/runtime/timer.hpp"

namespace loquat::runtime {

namespace asio = boost::asio;

namespace {

/// A held time counts this much in the mean: some ten of them make it anew.
constexpr double kNewest = 0.2;

std::optional<Error> error_of(FairQueue::Entry entry) {
  switch (entry) {
    case FairQueue::Entry::runs:
    case FairQueue::Entry::waits:
      return std::nullopt;
    case FairQueue::Entry::full:
      return fail(Errc::overloaded, "Too much waits already; try again in a while.");
    case FairQueue::Entry::group_full:
      return fail(Errc::rate_limited, "Too much of your organisation waits already.");
    case FairQueue::Entry::member_full:
      return fail(Errc::rate_limited, "Too much of yours waits already.");
  }
  return std::nullopt;
}

}  // namespace

struct FairGate::State {
  struct Waiter {
    Timer timer;
    bool is_granted = false;
  };
  Executor executor;
  FairQueue queue;
  Meters meters;
  std::unordered_map<FairQueue::Ticket, Waiter*> waiters{};
  std::chrono::duration<double> mean_held{0};

  void leave(FairQueue::Ticket ticket) noexcept {
    const auto next = queue.leave(ticket);
    if (next) {
      const auto found = waiters.find(*next);
      found->second->is_granted = true;
      found->second->timer.cancel();  // posts the resumption
      waiters.erase(found);
    }
    report();
  }
  void note_held(Clock::duration held) noexcept {
    const std::chrono::duration<double> seconds = held;
    mean_held = mean_held.count() == 0 ? seconds : mean_held * (1 - kNewest) + seconds * kNewest;
  }
  void report() noexcept {
    meters.running.set(static_cast<double>(queue.running()));
    meters.waiting.set(static_cast<double>(queue.waiting()));
  }
};

FairGate::FairGate(Executor executor, FairQueue::Limits limits, Meters meters)
    : state_(std::make_shared<State>(State{std::move(executor), FairQueue(limits), meters})) {}
FairGate::~FairGate() = default;

FairGate::Permit::Permit(std::shared_ptr<State> owner, FairQueue::Ticket ticket)
    : owner_(std::move(owner)), ticket_(ticket), began_(Clock::now()) {}
FairGate::Permit::Permit(Permit&& other) noexcept
    : owner_(std::move(other.owner_)), ticket_(other.ticket_), began_(other.began_) {}
FairGate::Permit& FairGate::Permit::operator=(Permit&& other) noexcept {
  owner_.swap(other.owner_);
  std::swap(ticket_, other.ticket_);
  std::swap(began_, other.began_);
  return *this;
}
FairGate::Permit::~Permit() {
  if (!owner_) return;
  owner_->note_held(Clock::now() - began_);
  owner_->leave(ticket_);
}

std::optional<Error> FairGate::refusal(const Claim& claim) const {
  auto error = error_of(state_->queue.ask(claim.group, claim.member));
  if (error) state_->meters.refused.add();
  return error;
}
std::size_t FairGate::running() const noexcept { return state_->queue.running(); }
std::size_t FairGate::waiting() const noexcept { return state_->queue.waiting(); }

Clock::duration FairGate::expected_wait() const noexcept {
  const auto& queue = state_->queue;
  if (queue.waiting() == 0 && queue.running() < queue.limits().slots)
    return Clock::duration::zero();
  const double turns =
      static_cast<double>(queue.waiting() + 1) / static_cast<double>(queue.limits().slots);
  return std::chrono::duration_cast<Clock::duration>(state_->mean_held * turns);
}

Task<Result<FairGate::Permit>> FairGate::acquire(Claim claim, Time deadline) {
  const auto state = state_;
  const auto entered = state->queue.enter(claim.group, claim.member);
  state->report();
  if (const auto error = error_of(entered.entry)) {
    state->meters.refused.add();
    co_return *error;
  }
  if (entered.entry == FairQueue::Entry::runs) co_return Permit(state, entered.ticket);
  State::Waiter waiter{Timer(state->executor, deadline)};
  state->waiters.emplace(entered.ticket, &waiter);
  struct Unlink {
    State& state;
    FairQueue::Ticket ticket;
    bool is_taken = false;
    ~Unlink() {
      if (is_taken) return;
      // Late, cancelled, or torn down between grant and resumption: no slot may be lost.
      state.waiters.erase(ticket);
      state.leave(ticket);
    }
  } unlink{*state, entered.ticket};
  const auto [error] = co_await waiter.timer.async_wait(asio::as_tuple(asio::use_awaitable));
  if (waiter.is_granted) {
    unlink.is_taken = true;
    co_return Permit(state, entered.ticket);
  }
  if (error) throw boost::system::system_error(asio::error::operation_aborted);
  co_return fail(Errc::timed_out, "No slot became free in time.");
}

}  // namespace loquat::runtime
