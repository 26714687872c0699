#pragma once
#include "loquat/observability/fact.hpp"
#include "loquat/wire/events.hpp"

namespace loquat::feedback {

struct ImplicitDetected {
  wire::FeedbackType type;
  static constexpr auto level = observability::Level::debug;
  static constexpr std::string_view name = "feedback.implicit_detected";
  static constexpr std::string_view message = "Implicit feedback was concluded.";
  static constexpr observability::CounterSpec counter{"loquat_feedback_implicit_events_total",
                                                      "Feedback concluded from what users did."};
  template <class V>
  void fields(V& v) const {
    v("type", type);
  }
  template <class V>
  void labels(V& v) const {
    v("type", type);
  }
};
struct ImplicitDropped {
  wire::FeedbackType type;
  Errc code;
  static constexpr auto level = observability::Level::warning;
  static constexpr std::string_view name = "feedback.implicit_dropped";
  static constexpr std::string_view message = "Implicit feedback found no room.";
  static constexpr observability::CounterSpec counter{"loquat_feedback_implicit_dropped_total",
                                                      "Implicit feedback that found no room."};
  template <class V>
  void fields(V& v) const {
    v("type", type);
    v("code", code);
  }
};

}  // namespace loquat::feedback
