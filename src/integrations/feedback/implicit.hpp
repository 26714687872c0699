#pragma once
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "loquat/base/clock.hpp"
#include "loquat/contracts/metric_query.hpp"
#include "loquat/feedback/config.hpp"
#include "loquat/wire/answer.hpp"
#include "loquat/wire/events.hpp"

/// What a user's next step says about the answer before it. Pure: no I/O, time comes in.
namespace loquat::feedback {

/// One finished turn, as far as the detector looks at it.
struct TurnSeen {
  std::string session_id, response_id, question;
  wire::AnswerStatus status = wire::AnswerStatus::complete;
  std::optional<contracts::MetricQuery> query;
  bool is_follow_up = false;  ///< it was read as a change of the query before it
  std::string message_id = {};
};
struct Detected {
  wire::FeedbackType type = wire::FeedbackType::implicit_accept;
  std::string response_id;            ///< which answer it is about
  std::string question;               ///< that answer's question
  std::string reason;                 ///< built_upon, reasked_same_query, reasked_similar_words,
                                      ///< repeated_failure, frustration
  std::vector<std::string> evidence;  ///< response ids that showed it
  std::string message_id = {};        ///< that answer's message
  bool operator==(const Detected&) const = default;
};

/// Per session: the last answers that nothing was said of yet, and the run of failures. Rules:
/// - asked again: another wording, and either the same planned query, or mostly the same words that
///   led to another metric; never what was already judged, copied or exported, never a follow-up
///   (that is exploring, as is the same metric by another dimension or time);
/// - built upon: a follow-up that keeps the query and only adds to it;
/// - escalation: `failures_max` turns in a row that gave no answer, or words of frustration.
/// An answer is judged once. Sessions beyond `sessions_max` are forgotten, least recent first.
class ImplicitDetector {
 public:
  explicit ImplicitDetector(ImplicitConfig config) : config_(std::move(config)) {}
  [[nodiscard]] std::vector<Detected> turn_finished(const TurnSeen& turn, Time now);
  /// Somebody said what they think of it: the detector has nothing to add.
  void feedback_given(const std::string& session_id, const std::string& response_id);
  [[nodiscard]] std::size_t sessions() const noexcept { return sessions_.size(); }

 private:
  struct Seen {
    std::string response_id, question;
    std::set<std::string> words;
    std::optional<contracts::MetricQuery> query;
    Time at{};
    bool is_judged = false;
    std::string message_id;
  };
  struct Session {
    std::deque<Seen> answers;   ///< complete ones, oldest first
    std::deque<Seen> failures;  ///< of the run that is going on
    std::list<std::string>::iterator use;
  };
  Session& session_of(const std::string& session_id);
  std::optional<Detected> judge_earlier(Session& session, const TurnSeen& turn, const Seen& now);
  std::optional<Detected> escalate(Session& session, const TurnSeen& turn, const Seen& now);
  [[nodiscard]] bool is_frustrated(const std::string& question) const;

  ImplicitConfig config_;
  std::map<std::string, Session> sessions_;
  std::list<std::string> by_use_;  ///< most recent first
};

/// Content words: lower case, without punctuation and without words that carry no meaning.
[[nodiscard]] std::set<std::string> content_words(std::string_view question);
/// Jaccard index of two sets of words; 0 if both are empty.
[[nodiscard]] double word_overlap(const std::set<std::string>& a, const std::set<std::string>& b);

}  // namespace loquat::feedback
