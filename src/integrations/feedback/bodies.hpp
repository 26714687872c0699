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
  template <class V>
  void fields(V& v) {
    v("session_id", session_id, "The session.", len(1, 128));
    v("response_id", response_id, "The answer.", len(1, 128));
    v("feedback_type", feedback_type, "Kind.");
    v("comment", comment, "In your words.", len(0, 4'000));
    v("rating", rating, "One to five.", in(1, 5));
    v("data", data, "Fields of the event's data; unknown keys are carried (depth 8, 16 KiB).",
      len(0, 262'144));
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
/// A vote changed by its author: a new event that supersedes the old one.
struct ChangeBody {
  wire::FeedbackType feedback_type = wire::FeedbackType::thumbs_up;
  std::optional<std::string> comment;
  std::optional<int> rating;
  template <class V>
  void fields(V& v) {
    v("feedback_type", feedback_type, "Kind.");
    v("comment", comment, "In your words.", len(0, 4'000));
    v("rating", rating, "One to five.", in(1, 5));
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
