#pragma once
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "loquat/wire/events.hpp"

namespace loquat::feedback {

/// Events that were kept and may still be on their way through the pipeline, so that their author
/// sees them at once. Bounded: the oldest go, by then they are in the store.
class RecentEvents {
 public:
  static constexpr std::size_t kEventsMax = 1'000;
  static constexpr std::size_t kBytesMax = 8U << 20U;
  void put(wire::FeedbackEvent event);
  [[nodiscard]] const wire::FeedbackEvent* find(const std::string& tenant_id,
                                                const std::string& event_id) const;
  /// The newest event of the same author that supersedes `event_id`, or one that supersedes that.
  [[nodiscard]] std::string latest(const wire::FeedbackEvent& event) const;
  /// What a user said and did not change, newest first.
  [[nodiscard]] std::vector<wire::FeedbackEvent> said_by(
      const std::string& tenant_id, const std::string& user_id,
      const std::optional<std::string>& session_id,
      const std::optional<std::string>& response_id) const;
  /// One of these changes it, or was said later by its author in its place.
  [[nodiscard]] bool is_superseded(const wire::FeedbackEvent& event) const;

 private:
  std::deque<wire::FeedbackEvent> events_;  ///< oldest first
  std::size_t bytes_ = 0;
};

}  // namespace loquat::feedback
