#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "loquat/base/fields.hpp"

namespace loquat::feedback {

/// What the service concludes from what a user does.
struct ImplicitConfig {
  bool enabled = true;
  std::chrono::seconds window{600};
  double word_overlap_min = 0.75;
  std::uint32_t failures_max = 3;
  std::uint32_t sessions_max = 10'000;
  std::vector<std::string> frustration_phrases{
      "this is wrong", "that is wrong",     "thats wrong",      "still wrong",
      "wrong again",   "not what i asked",  "not what i meant", "makes no sense",
      "doesnt work",   "does not work",     "useless",          "talk to a human",
      "ask a human",   "talk to an analyst"};
  template <class V>
  void fields(V& v) {
    using namespace std::chrono_literals;
    v("enabled", enabled, "Events of feedback_source implicit are made from what users do.");
    v("window", window,
      "How long an answer is held against the questions after it; later a similar question is a "
      "new interest, not a second attempt.",
      in(10s, 24h));
    v("word_overlap_min", word_overlap_min,
      "Share of content words (common over all) from which another wording that led to another "
      "metric is a second attempt; lower takes exploring for rejection.",
      in(0.3, 1.0));
    v("failures_max", failures_max,
      "Clarifications, failures and unanswerable questions in a row that make an escalation: one "
      "is ordinary, two may be a misunderstanding.",
      in(2, 20));
    v("sessions_max", sessions_max, "Sessions that are watched; the least recent are forgotten.",
      in(1, 1'000'000));
    v("frustration_phrases", frustration_phrases,
      "Words of a question that make an escalation, without case and punctuation; empty: none.");
  }
};

struct FeedbackConfig {
  std::uint32_t comment_max_bytes = 4'000;
  std::uint32_t correction_max_bytes = 65'536;
  std::uint32_t extra_max_bytes = 16'384;
  std::uint32_t export_max = 100'000;
  ImplicitConfig implicit;
  template <class V>
  void fields(V& v) {
    v("comment_max_bytes", comment_max_bytes, "Longest comment.", in(1, 65'536), unit("bytes"));
    v("correction_max_bytes", correction_max_bytes, "Longest corrected SQL or text.",
      in(1, 1 << 20), unit("bytes"));
    v("extra_max_bytes", extra_max_bytes, "Most bytes of unknown keys in `data`.", in(0, 1 << 20),
      unit("bytes"));
    v("export_max", export_max, "Most rows of one export.", in(1, 10'000'000));
    v("implicit", implicit, "What is concluded from what users do.");
  }
};

}  // namespace loquat::feedback
