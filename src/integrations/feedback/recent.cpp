#include "recent.hpp"

#include <algorithm>

namespace loquat::feedback {
namespace {

/// About what it holds: the long texts.
std::size_t size_of(const wire::FeedbackEvent& event) {
  const auto& data = event.data;
  std::size_t size = 512;
  for (const auto* text : {&data.comment, &data.question, &data.original_sql, &data.corrected_sql,
                           &data.original_text, &data.corrected_text, &data.diff})
    if (*text) size += (*text)->size();
  for (const auto* json : {&data.original_query, &data.corrected_query, &data.extra})
    if (*json) size += (*json)->text.size();
  return size;
}

/// Thumbs, or a rating: of each a user has one that counts on a response.
bool is_of_one_place(const wire::FeedbackEvent& a, const wire::FeedbackEvent& b) {
  using wire::FeedbackType;
  const auto is_thumb = [](const wire::FeedbackEvent& event) {
    return event.feedback_type == FeedbackType::thumbs_up ||
           event.feedback_type == FeedbackType::thumbs_down;
  };
  const bool is_same_kind =
      (is_thumb(a) && is_thumb(b)) ||
      (a.feedback_type == FeedbackType::rating && b.feedback_type == FeedbackType::rating);
  return is_same_kind && a.response_id == b.response_id;
}

}  // namespace

bool RecentEvents::is_superseded(const wire::FeedbackEvent& event) const {
  bool is_later = find(event.tenant_id, event.event_id) == nullptr;  // then all here came after it
  for (const auto& other : events_) {
    if (other.tenant_id != event.tenant_id || other.user_id != event.user_id) continue;
    if (other.event_id == event.event_id) {
      is_later = true;
      continue;
    }
    if (other.supersedes == event.event_id) return true;
    if (is_later && other.timestamp >= event.timestamp && is_of_one_place(event, other))
      return true;
  }
  return false;
}

void RecentEvents::put(wire::FeedbackEvent event) {
  bytes_ += size_of(event);
  events_.push_back(std::move(event));
  while (events_.size() > kEventsMax || (bytes_ > kBytesMax && events_.size() > 1)) {
    bytes_ -= size_of(events_.front());
    events_.pop_front();
  }
}

const wire::FeedbackEvent* RecentEvents::find(const std::string& tenant_id,
                                              const std::string& event_id) const {
  const auto found = std::ranges::find_if(events_, [&](const auto& event) {
    return event.event_id == event_id && event.tenant_id == tenant_id;
  });
  return found == events_.end() ? nullptr : &*found;
}

std::string RecentEvents::latest(const wire::FeedbackEvent& event) const {
  // In order of arrival: one pass follows a whole chain of changes.
  std::vector<std::string> chain{event.event_id};
  for (const auto& later : events_)
    if (later.supersedes && later.tenant_id == event.tenant_id && later.user_id == event.user_id &&
        std::ranges::find(chain, *later.supersedes) != chain.end())
      chain.push_back(later.event_id);
  return chain.back();
}

std::vector<wire::FeedbackEvent> RecentEvents::said_by(
    const std::string& tenant_id, const std::string& user_id,
    const std::optional<std::string>& session_id,
    const std::optional<std::string>& response_id) const {
  std::vector<wire::FeedbackEvent> found;
  for (auto event = events_.rbegin(); event != events_.rend(); ++event)
    if (event->tenant_id == tenant_id && event->user_id == user_id &&
        (!session_id || event->session_id == session_id) &&
        (!response_id || event->response_id == *response_id) && !is_superseded(*event))
      found.push_back(*event);
  return found;
}

}  // namespace loquat::feedback
