#include "turn_queue.hpp"

#include <algorithm>

namespace loquat::conversation {

TurnQueue::Admission TurnQueue::admit(std::string message_id) {
  if (!running_) {
    running_ = std::move(message_id);
    return Admission::runs;
  }
  if (waiting_.size() >= waiting_max_) return Admission::refused;
  waiting_.push_back(std::move(message_id));
  return Admission::waits;
}

std::optional<std::string> TurnQueue::finished() {
  running_.reset();
  if (waiting_.empty()) return std::nullopt;
  running_ = std::move(waiting_.front());
  waiting_.pop_front();
  return running_;
}

TurnQueue::Cancelled TurnQueue::cancel(const std::optional<std::string>& message_id) {
  if (!message_id) return running_ ? Cancelled::running : Cancelled::unknown;
  if (running_ == message_id) return Cancelled::running;
  const auto found = std::ranges::find(waiting_, *message_id);
  if (found == waiting_.end()) return Cancelled::unknown;
  waiting_.erase(found);
  return Cancelled::waiting;
}

}  // namespace loquat::conversation
