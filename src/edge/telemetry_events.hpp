#pragma once
#include <chrono>
#include <string>
#include <string_view>

#include "loquat/observability/telemetry.hpp"

namespace loquat::edge {

struct RequestServed {
  std::string_view route;
  int status;
  Clock::duration duration_ms;
  std::string_view request_id;
  static constexpr auto level = observability::Level::debug;
  static constexpr std::string_view name = "edge.request_served";
  static constexpr std::string_view message = "A request was answered.";
  template <class V>
  void fields(V& v) const {
    v("route", route);
    v("status", status);
    v("duration_ms", duration_ms);
    v("request_id", request_id);
  }
};
struct RequestFailed {
  std::string_view route;
  std::string_view detail;
  std::string_view request_id;
  static constexpr auto level = observability::Level::error;
  static constexpr std::string_view name = "edge.request_failed";
  static constexpr std::string_view message = "A request failed inside.";
  static constexpr observability::CounterSpec counter{"loquat_edge_failed_requests_total",
                                                      "Requests that failed inside."};
  template <class V>
  void fields(V& v) const {
    v("route", route);
    v("detail", detail);
    v("request_id", request_id);
  }
};

}  // namespace loquat::edge
