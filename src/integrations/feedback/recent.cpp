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

}  // namespace

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

bool RecentEvents::is_superseded(const std::string& tenant_id, const std::string& user_id,
                                 const std::string& event_id) const {
  return std::ranges::any_of(events_, [&](const auto& event) {
    return event.supersedes == event_id && event.tenant_id == tenant_id && event.user_id == user_id;
  });
}

std::vector<wire::FeedbackEvent> RecentEvents::said_by(
    const std::string& tenant_id, const std::string& user_id,
    const std::optional<std::string>& session_id,
    const std::optional<std::string>& response_id) const {
  std::vector<wire::FeedbackEvent> found;
  for (auto event = events_.rbegin(); event != events_.rend(); ++event)
    if (event->tenant_id == tenant_id && event->user_id == user_id &&
        (!session_id || event->session_id == session_id) &&
        (!response_id || event->response_id == *response_id) &&
        !is_superseded(tenant_id, user_id, event->event_id))
      found.push_back(*event);
  return found;
}

}  // namespace loquat::feedback
