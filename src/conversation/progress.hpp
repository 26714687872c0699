#pragma once
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "service.hpp"

/// A turn under way, and how it waits.
namespace loquat::conversation {

inline agents::Now now_of(const Sources& sources) { return {Clock::now(), sources.wall.now()}; }

inline double milliseconds_since(Time from) {
  return std::chrono::duration<double, std::milli>(Clock::now() - from).count();
}

/// Awaits `op` so that the turn's signal cancels it, but not the turn. Cancelled: Error{cancelled}.
template <class T>
contracts::Task<Result<T>> stoppable(runtime::Executor executor, Turn& turn,
                                     contracts::Task<Result<T>> op) {
  if (turn.stopped) co_return *turn.stopped;
  std::optional<Result<T>> outcome;
  bool is_cancelled = false;
  try {
    auto token =
        boost::asio::bind_cancellation_slot(turn.stop_waiting.slot(), boost::asio::use_awaitable);
    outcome.emplace(co_await boost::asio::co_spawn(executor, std::move(op), std::move(token)));
  } catch (const boost::system::system_error& error) {
    if (error.code() != boost::asio::error::operation_aborted) throw;
    is_cancelled = true;
  }
  if (turn.stopped) co_return *turn.stopped;
  if (is_cancelled) co_return fail(Errc::cancelled, "Cancelled.");
  co_return std::move(*outcome);
}

struct Service::Progress {
  SessionPtr session;
  TurnPtr turn;
  agents::Orchestrator& machine;
  std::shared_ptr<const contracts::ModelSnapshot> model;
  contracts::Preferences preferences;
  std::vector<std::string> degraded;
  std::vector<contracts::ToldEvent> events;
  std::vector<wire::InsightEvent> insights;
  WallTime query_started_at{};
  double first_event_ms = 0;
  bool is_finished = false;
  bool shows_personal_data = false;
};

}  // namespace loquat::conversation
