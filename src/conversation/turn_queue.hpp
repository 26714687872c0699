#pragma once
#include <cstddef>
#include <deque>
#include <optional>
#include <string>

namespace loquat::conversation {

/// Which turn of a session runs: one at a time, a few wait in order. Pure.
class TurnQueue {
 public:
  explicit TurnQueue(std::size_t waiting_max) : waiting_max_(waiting_max) {}

  enum class Admission { runs, waits, refused };
  [[nodiscard]] Admission admit(std::string message_id);
  /// The running turn is over; the next one to run, if any waits.
  [[nodiscard]] std::optional<std::string> finished();

  enum class Cancelled { running, waiting, unknown };
  /// Absent id: the running one. A waiting one leaves the queue; the running one stays until
  /// `finished`.
  [[nodiscard]] Cancelled cancel(const std::optional<std::string>& message_id);

  [[nodiscard]] const std::optional<std::string>& running() const noexcept { return running_; }
  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_.size(); }

 private:
  std::size_t waiting_max_;
  std::optional<std::string> running_;
  std::deque<std::string> waiting_;
};

}  // namespace loquat::conversation
