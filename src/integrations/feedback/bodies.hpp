#pragma once
#include <optional>
#include <string>
#include <vector>

#include "loquat/base/fields.hpp"
#include "loquat/wire/events.hpp"

/// Bodies of the feedback routes.
namespace loquat::feedback {

struct SubmitBody {
  std::string session_id, response_id;
  wire::FeedbackType feedback_type = wire::FeedbackType::thumbs_up;
  std::optional<std::string> comment;
  std::optional<int> rating;
  std::optional<wire::RawJson> data;
  /// As in a correction's body; for a frame of a connection, which has no route of its own for it.
  std::optional<std::string> corrected_sql, corrected_text;
  std::optional<wire::RawJson> corrected_query;
  template <class V>
  void fields(V& v) {
    v("session_id", session_id, "The session.", len(1, 128));
    v("response_id", response_id, "The answer.", len(1, 128));
    v("feedback_type", feedback_type, "Kind.");
    v("comment", comment, "In your words.", len(0, 4'000));
    v("rating", rating, "One to five.", in(1, 5));
    v("data", data, "Fields of the event's data; unknown keys are carried (depth 8, 16 KiB).",
      len(0, 262'144));
    v("corrected_sql", corrected_sql, "For a correction: one SELECT as it should have been.",
      len(1, 65'536));
    v("corrected_text", corrected_text, "For a correction: the answer as it should have been.",
      len(1, 65'536));
    v("corrected_query", corrected_query, "For a correction: the metric query.", len(2, 65'536));
  }
};
struct CorrectionBody {
  std::string session_id, response_id;
  std::optional<std::string> corrected_sql, corrected_text, original_sql, comment;
  std::optional<wire::RawJson> corrected_query;
  template <class V>
  void fields(V& v) {
    v("session_id", session_id, "The session.", len(1, 128));
    v("response_id", response_id, "The answer.", len(1, 128));
    v("corrected_sql", corrected_sql, "One SELECT as it should have been.", len(1, 65'536));
    v("corrected_text", corrected_text, "The answer as it should have been.", len(1, 65'536));
    v("corrected_query", corrected_query, "The metric query as it should have been.",
      len(2, 65'536));
    v("original_sql", original_sql, "The SQL that is corrected.", len(0, 65'536));
    v("comment", comment, "In your words.", len(0, 4'000));
  }
};
struct RatingBody {
  std::string session_id, response_id;
  int rating = 0;
  std::optional<std::string> comment;
  template <class V>
  void fields(V& v) {
    v("session_id", session_id, "The session.", len(1, 128));
    v("response_id", response_id, "The answer.", len(1, 128));
    v("rating", rating, "One to five.", in(1, 5));
    v("comment", comment, "In your words.", len(0, 4'000));
  }
};
/// A vote changed by its author: a new event that supersedes the old one. Where the kind stays,
/// what is absent stays too; another kind starts anew.
struct ChangeBody {
  wire::FeedbackType feedback_type = wire::FeedbackType::thumbs_up;
  std::optional<std::string> comment;
  std::optional<int> rating;
  std::optional<std::vector<std::string>> reasons;
  template <class V>
  void fields(V& v) {
    v("feedback_type", feedback_type, "Kind.");
    v("comment", comment, "In your words.", len(0, 4'000));
    v("rating", rating, "One to five.", in(1, 5));
    v("reasons", reasons, "Chosen reasons.", len(0, 20));
  }
};
/// One's own vote as it is read back.
struct VoteView : wire::FeedbackEvent {
  std::optional<std::string> superseded_by;
  template <class V>
  void fields(V& v) {
    wire::FeedbackEvent::fields(v);
    v("superseded_by", superseded_by, "The event that took its place; that one counts.");
  }
};
struct VotesView {
  std::vector<wire::FeedbackEvent> items;
  template <class V>
  void fields(V& v) {
    v("items", items, "What one said and did not change since, newest first.");
  }
};
struct ReceiptView {
  std::string event_id, status;
  template <class V>
  void fields(V& v) {
    v("event_id", event_id, "Names the event everywhere.");
    v("status", status, "accepted or buffered; kept in both cases.",
      one_of({"accepted", "buffered"}));
  }
};
struct DayCount {
  std::string day;
  std::int64_t count = 0;
  template <class V>
  void fields(V& v) {
    v("day", day, "Date, UTC.", format("date"));
    v("count", count, "Events.");
  }
};
struct Summary {
  std::map<std::string, std::int64_t> by_type;
  std::int64_t total = 0;
  std::optional<double> mean_rating, acceptance_rate;
  std::vector<DayCount> trend;
  WallTime as_of{};
  template <class V>
  void fields(V& v) {
    v("by_type", by_type, "Events by feedback_type.");
    v("total", total, "All events.");
    v("mean_rating", mean_rating, "Of ratings one to five.");
    v("acceptance_rate", acceptance_rate, "Accepting over accepting and rejecting.", in(0, 1));
    v("trend", trend, "Events by day.");
    v("as_of", as_of, "What came through the pipeline by then.");
  }
};

}  // namespace loquat::feedback
