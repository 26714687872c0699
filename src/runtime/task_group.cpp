#include "loquat/runtime/task_group.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <vector>

#include "events.hpp"
#include "exception_text.hpp"

namespace loquat::runtime {

namespace asio = boost::asio;

struct TaskGroup::Entry {
  std::string_view name;
  asio::cancellation_signal signal;
};

namespace {
// Starts in a turn of its own, whatever Asio's co_spawn does.
Task<void> start_later(Task<void> task) {
  co_await yield_to_others();
  co_await std::move(task);
}
}  // namespace

TaskGroup::TaskGroup(Executor executor, std::string_view name, observability::Telemetry& telemetry)
    : executor_(executor), name_(name), telemetry_(telemetry), ended_(std::move(executor)) {}

TaskGroup::~TaskGroup() {
  if (entries_.empty()) return;
  telemetry_.emit(TasksLeft{name_, entries_.size()});
  cancel();
}

void TaskGroup::spawn(std::string_view name, Task<void> task) {
  if (closed_) return;
  auto entry = std::make_shared<Entry>();
  entry->name = name;
  const auto place = entries_.insert(entries_.end(), entry);
  const auto slot = entry->signal.slot();
  auto on_end = [this, alive = std::weak_ptr<bool>(alive_), entry,
                 place](std::exception_ptr error) {
    if (alive.expired()) return;
    entries_.erase(place);  // not searched for: thousands may run
    finished(entry, std::move(error));
  };
  asio::co_spawn(executor_, start_later(std::move(task)),
                 asio::bind_cancellation_slot(slot, std::move(on_end)));
}

void TaskGroup::finished(const std::shared_ptr<Entry>& entry, std::exception_ptr error) {
  if (error && !is_cancellation(error))
    telemetry_.emit(TaskFailed{name_, entry->name, text_of(error)});
  ended_.notify_all();
}

void TaskGroup::cancel() noexcept {
  // A task may end within emit, which changes the list.
  const std::vector<std::shared_ptr<Entry>> now(entries_.begin(), entries_.end());
  for (const auto& entry : now) entry->signal.emit(asio::cancellation_type::all);
}

Task<void> TaskGroup::close() {
  closed_ = true;
  cancel();
  while (!entries_.empty()) co_await ended_.wait();
}

Task<void> TaskGroup::drain(Time deadline) {
  closed_ = true;
  while (!entries_.empty()) {
    const bool one_ended = co_await ended_.wait_until(deadline);
    if (one_ended) continue;
    cancel();
    break;
  }
  while (!entries_.empty()) co_await ended_.wait();
}

}  // namespace loquat::runtime
