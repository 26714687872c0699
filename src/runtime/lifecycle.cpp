#include "loquat/runtime/lifecycle.hpp"

#include <boost/asio/error.hpp>
#include <chrono>
#include <string>

#include "events.hpp"
#include "exception_text.hpp"

namespace loquat::runtime {

namespace {
constexpr std::chrono::seconds kUndoTime{10};
constexpr std::chrono::seconds kMoment{3};
}  // namespace

Task<Result<void>> Lifecycle::start() {
  while (started_ < components_.size()) {
    Component& component = components_[started_];
    const Time began = Clock::now();
    Result<void> outcome = boost::system::in_place_value;
    if (component.start) {
      auto starting = component.start();
      outcome = co_await std::move(starting);
    }
    if (!outcome) {
      Error error = outcome.error();
      error.detail = std::string(component.name) + ": " + error.detail;
      telemetry_.emit(ComponentFailed{component.name, error.detail});
      co_await stop(deadline_after(kUndoTime));
      co_return error;
    }
    ++started_;
    telemetry_.emit(ComponentStarted{component.name, Clock::now() - began});
  }
  co_return Result<void>(boost::system::in_place_value);
}

Task<void> Lifecycle::stop(Time deadline) {
  while (started_ > 0) {
    --started_;
    co_await stop_one(components_[started_], deadline);
  }
}

Task<void> Lifecycle::stop_one(Component& component, Time deadline) {
  if (!component.stop) co_return;
  std::exception_ptr failure;
  bool in_time = false;
  try {
    auto stopping = component.stop(deadline);
    // Even past the deadline each gets a moment: what is cut off at once may lose what it holds.
    const Time latest = std::max(deadline, deadline_after(kMoment));
    in_time = co_await detail::race(std::move(stopping), latest);
  } catch (...) {
    failure = std::current_exception();
  }
  if (is_cancellation(failure)) std::rethrow_exception(failure);
  if (failure)
    telemetry_.emit(ComponentFailed{component.name, text_of(failure)});
  else
    telemetry_.emit(ComponentStopped{component.name, in_time});
}

}  // namespace loquat::runtime
