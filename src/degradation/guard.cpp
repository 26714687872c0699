#include "loquat/degradation/guard.hpp"

#include "loquat/runtime/runtime.hpp"

namespace loquat::degradation {
namespace {

constexpr std::size_t kErrorTextMax = 300;

CallOutcome outcome_of(Judgement judgement) {
  switch (judgement) {
    case Judgement::peer_failed:
    case Judgement::peer_busy:
      return CallOutcome::failed;
    case Judgement::callers_own:
      return CallOutcome::ok;
    case Judgement::cancelled:
      return CallOutcome::cancelled;
  }
  return CallOutcome::cancelled;
}

}  // namespace

Judgement judge(const Error& error) noexcept {
  switch (error.code) {
    case Errc::unavailable:
    case Errc::timed_out:
    case Errc::query_timeout:
    case Errc::io:
    case Errc::corrupt:
    case Errc::query_engine_unavailable:
    case Errc::llm_unavailable:
      return Judgement::peer_failed;
    case Errc::overloaded:
    case Errc::rate_limited:
      return Judgement::peer_busy;
    case Errc::cancelled:
      return Judgement::cancelled;
    default:
      return Judgement::callers_own;
  }
}

struct Guard::State {
  State(boost::asio::any_io_executor executor, std::string n, GuardConfig c, HealthBoard& b,
        RandomSource& random, Errc r)
      : name(std::move(n)),
        config(c),
        board(b),
        refusal(r),
        breaker(c.breaker),
        budget(c.retry, random),
        slots(std::move(executor), c.concurrency_max, c.waiting_max) {}

  std::string name;
  GuardConfig config;
  HealthBoard& board;
  Errc refusal;
  Breaker breaker;
  RetryBudget budget;
  runtime::Semaphore slots;

  Error refused() const {
    return fail(refusal,
                "The " + name + " integration is not available; it is tried again shortly.");
  }
  void tell(const std::optional<Error>& error) {
    board.set_breaker(name, breaker.state());
    if (breaker.state() == BreakerState::closed && !error) return board.set(name, Health::up);
    std::string text = error ? error->detail.substr(0, kErrorTextMax) : std::string();
    if (breaker.state() != BreakerState::closed)
      board.set(name, Health::down, std::move(text));
    else if (error && outcome_of(judge(*error)) == CallOutcome::failed)
      board.set(name, Health::degraded, std::move(text));
  }
};

Guard::Guard(boost::asio::any_io_executor executor, std::string name, GuardConfig config,
             HealthBoard& board, RandomSource& random, Errc refusal)
    : state_(std::make_unique<State>(std::move(executor), std::move(name), config, board, random,
                                     refusal)) {}
Guard::~Guard() = default;

BreakerState Guard::state() const noexcept { return state_->breaker.state(); }

namespace {

/// Reports to the breaker whatever happens to the call, an exception by cancellation included.
class Admitted {
 public:
  Admitted(Breaker& breaker, bool is_probe) : breaker_(breaker), is_probe_(is_probe) {}
  Admitted(const Admitted&) = delete;
  Admitted& operator=(const Admitted&) = delete;
  ~Admitted() { breaker_.report(is_probe_, outcome_, Clock::now()); }
  void set(CallOutcome outcome) { outcome_ = outcome; }

 private:
  Breaker& breaker_;
  bool is_probe_;
  CallOutcome outcome_ = CallOutcome::cancelled;
};

boost::asio::awaitable<Result<void>> as_result(boost::asio::awaitable<std::optional<Error>> step) {
  std::optional<Error> error = co_await std::move(step);
  if (error) co_return *error;
  co_return Result<void>{};
}

}  // namespace

boost::asio::awaitable<std::optional<Error>> Guard::drive(Step step, Time deadline,
                                                          bool is_repeatable) {
  State& s = *state_;
  auto permit = co_await s.slots.acquire(deadline);
  if (!permit) co_return permit.error();
  s.budget.note_first_attempt();
  for (std::uint32_t attempts = 1;; ++attempts) {
    const Time now = Clock::now();
    if (now >= deadline) co_return fail(Errc::timed_out, "The deadline passed.");
    const auto admission = s.breaker.ask(now);
    if (admission == Breaker::Admission::refuse) co_return s.refused();
    std::optional<Error> error;
    {
      Admitted admitted(s.breaker, admission == Breaker::Admission::probe);
      const Time until = std::min<Time>(deadline, now + s.config.timeout);
      auto attempt = as_result(step(until));
      Result<void> result = co_await runtime::with_deadline<void>(std::move(attempt), until);
      if (!result) error = result.error();
      admitted.set(error ? outcome_of(judge(*error)) : CallOutcome::ok);
    }
    s.tell(error);
    if (!error) co_return std::nullopt;
    const auto judgement = judge(*error);
    const bool may_repeat =
        is_repeatable && (judgement == Judgement::peer_failed || judgement == Judgement::peer_busy);
    if (!may_repeat) co_return error;
    const auto pause = s.budget.next_pause(attempts);
    if (!pause || Clock::now() + *pause >= deadline) co_return error;
    co_await runtime::pause_for(*pause);
  }
}

}  // namespace loquat::degradation
