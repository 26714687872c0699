#pragma once
#include <optional>
#include <string>
#include <vector>

#include "loquat/base/fields.hpp"
#include "loquat/wire/answer.hpp"

/// Bodies of the copilot's routes.
namespace loquat::copilot {

struct Suggestions {
  std::string mode;
  std::vector<wire::Suggestion> suggestions;
  template <class V>
  void fields(V& v) {
    v("mode", mode, "passive, balanced or proactive.");
    v("suggestions", suggestions, "What can be asked next.");
  }
};
struct ExplainRequest {
  std::optional<std::string> response_id, sql, metric;
  template <class V>
  void fields(V& v) {
    v("response_id", response_id, "An answer of yours.", len(1, 128));
    v("sql", sql, "A statement.", len(1, 65'536));
    v("metric", metric, "A metric's name.", len(1, 256));
  }
};
struct Explanation {
  std::string explanation;
  std::vector<std::string> metrics, tables, filters;
  std::optional<std::string> sql;
  template <class V>
  void fields(V& v) {
    v("explanation", explanation, "Markdown.");
    v("metrics", metrics, "Metrics involved.");
    v("tables", tables, "Relations read.");
    v("filters", filters, "Filters applied.");
    v("sql", sql, "The statement.");
  }
};
struct GuideRequest {
  std::string goal;
  template <class V>
  void fields(V& v) {
    v("goal", goal, "What you want to find out.", len(1, 1'000));
  }
};
struct GuideStep {
  std::string text, message;
  template <class V>
  void fields(V& v) {
    v("text", text, "What the step is for.");
    v("message", message, "The question to send.");
  }
};
struct Guide {
  std::string summary;
  std::vector<GuideStep> steps;
  template <class V>
  void fields(V& v) {
    v("summary", summary, "How the goal was read.");
    v("steps", steps, "In order; each can be sent as it stands.");
  }
};
struct Mode {
  std::string mode = "balanced";
  template <class V>
  void fields(V& v) {
    v("mode", mode, "passive: nothing by itself; balanced: after answers; proactive: also unasked.",
      one_of({"passive", "balanced", "proactive"}));
  }
};

}  // namespace loquat::copilot
