#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "loquat/base/result.hpp"
#include "loquat/degradation/breaker.hpp"
#include "loquat/degradation/config.hpp"
#include "loquat/degradation/health_board.hpp"
#include "loquat/degradation/retry_budget.hpp"

namespace loquat::degradation {

/// How an error of a call is to be taken.
enum class Judgement {
  peer_failed,  ///< counts for the breaker; may be tried again
  peer_busy,    ///< it asked for patience (429, 503): tried again, counts for the breaker
  callers_own,  ///< the peer is fine: the request was wrong
  cancelled,
};
/// The usual reading: unavailable, timed_out, io, corrupt, overloaded, query_engine_unavailable,
/// llm_unavailable are the peer's; cancelled is nobody's; the rest is the caller's own.
[[nodiscard]] Judgement judge(const Error& error) noexcept;

/// The thin driver that joins breaker, deadline, bounded concurrency and retry to a port. Loop
/// thread only.
class Guard {
 public:
  template <class T>
  using Attempt = std::function<boost::asio::awaitable<Result<T>>(Time deadline)>;

  /// `name` stands on the board (added by the owner). `refusal` is the code given while the breaker
  /// is open.
  Guard(boost::asio::any_io_executor executor, std::string name, GuardConfig config,
        HealthBoard& board, RandomSource& random, Errc refusal = Errc::unavailable);
  ~Guard();
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;

  /// Runs `attempt` until it succeeds, is judged the caller's own error, runs out of attempts or
  /// time. The attempt gets its own deadline and must keep to it; it is also cut off there. Errors:
  /// the code of `refusal` at once while the breaker is open; overloaded if too many wait;
  /// timed_out; what the attempt said. `is_repeatable` false: never tried again. Cancellation goes
  /// through to the attempt.
  template <class T>
  [[nodiscard]] boost::asio::awaitable<Result<T>> call(Attempt<T> attempt, Time deadline,
                                                       bool is_repeatable = true) {
    auto outcome = std::make_shared<std::optional<Result<T>>>();
    // The retry loop is one function for all T: the attempt leaves its value here and tells only
    // its error.
    Step step = [attempt = std::move(attempt), outcome](Time until) {
      return run_step<T>(attempt, outcome, until);
    };
    const std::optional<Error> error = co_await drive(std::move(step), deadline, is_repeatable);
    if (error) co_return *error;
    co_return std::move(**outcome);
  }

  [[nodiscard]] BreakerState state() const noexcept;

 private:
  using Step = std::function<boost::asio::awaitable<std::optional<Error>>(Time deadline)>;

  template <class T>
  static boost::asio::awaitable<std::optional<Error>> run_step(
      Attempt<T> attempt, std::shared_ptr<std::optional<Result<T>>> outcome, Time until) {
    Result<T> result = co_await attempt(until);
    if (!result) co_return result.error();
    outcome->emplace(std::move(result));
    co_return std::nullopt;
  }
  boost::asio::awaitable<std::optional<Error>> drive(Step step, Time deadline, bool is_repeatable);

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace loquat::degradation
