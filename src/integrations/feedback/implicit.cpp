#include "implicit.hpp"

#include <algorithm>
#include <array>

namespace loquat::feedback {
namespace {

constexpr std::size_t kAnswersKept = 8;

/// Words that a rewording adds or drops without another meaning.
constexpr std::array<std::string_view, 36> kEmptyWords{
    "a",    "an",   "and", "are",  "as",   "at",  "can", "could", "did",  "do",   "does", "for",
    "from", "give", "how", "i",    "in",   "is",  "it",  "me",    "much", "many", "of",   "on",
    "our",  "list", "see", "tell", "that", "the", "to",  "was",   "we",   "were", "what", "show"};

char small(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (static_cast<unsigned char>(c) & 0x80);
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words(1);
  for (const char raw : text) {
    const char c = small(raw);
    if (is_word(c))
      words.back() += c;
    else if (c != '\'' && !words.back().empty())
      words.emplace_back();
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

std::set<std::string> set_of(const std::vector<std::string>& items) {
  return {items.begin(), items.end()};
}
bool holds(const std::vector<std::string>& more, const std::vector<std::string>& fewer) {
  return std::ranges::includes(set_of(more), set_of(fewer));
}

/// Equal but for the order in which the parts were said.
bool is_same_query(contracts::MetricQuery a, contracts::MetricQuery b) {
  for (auto* query : {&a, &b})
    for (auto* part : {&query->metrics, &query->group_by, &query->where}) std::ranges::sort(*part);
  return a == b;
}
bool has_same_metrics(const contracts::MetricQuery& a, const contracts::MetricQuery& b) {
  return set_of(a.metrics) == set_of(b.metrics);
}
/// `later` keeps everything of `earlier` and says more.
bool builds_upon(const contracts::MetricQuery& later, const contracts::MetricQuery& earlier) {
  if (is_same_query(later, earlier) || !holds(later.metrics, earlier.metrics) ||
      !holds(later.group_by, earlier.group_by) || !holds(later.where, earlier.where))
    return false;
  const bool keeps_start = !earlier.start_time || later.start_time >= earlier.start_time;
  const bool keeps_end =
      !earlier.end_time || (later.end_time && later.end_time <= earlier.end_time);
  return keeps_start && keeps_end;
}

}  // namespace

std::set<std::string> content_words(std::string_view question) {
  std::set<std::string> words;
  for (auto& word : words_of(question))
    if (std::ranges::find(kEmptyWords, word) == kEmptyWords.end()) words.insert(std::move(word));
  return words;
}

double word_overlap(const std::set<std::string>& a, const std::set<std::string>& b) {
  if (a.empty() && b.empty()) return 0;
  const auto common = std::ranges::count_if(a, [&](const auto& word) { return b.contains(word); });
  const auto all = a.size() + b.size() - static_cast<std::size_t>(common);
  return static_cast<double>(common) / static_cast<double>(all);
}

ImplicitDetector::Session& ImplicitDetector::session_of(const std::string& session_id) {
  const auto [found, is_new] = sessions_.try_emplace(session_id);
  Session& session = found->second;
  if (is_new) {
    by_use_.push_front(session_id);
    session.use = by_use_.begin();
    if (sessions_.size() > config_.sessions_max) {
      sessions_.erase(by_use_.back());
      by_use_.pop_back();
    }
  } else {
    by_use_.splice(by_use_.begin(), by_use_, session.use);
  }
  return session;
}

std::vector<Detected> ImplicitDetector::turn_finished(const TurnSeen& turn, Time now) {
  std::vector<Detected> found;
  if (!config_.enabled || turn.status == wire::AnswerStatus::cancelled) return found;
  Session& session = session_of(turn.session_id);
  const auto is_old = [&](const Seen& seen) { return now - seen.at > config_.window; };
  std::erase_if(session.answers, is_old);
  std::erase_if(session.failures, is_old);

  Seen seen{turn.response_id, turn.question, content_words(turn.question), turn.query, now, false,
            turn.message_id};
  if (auto earlier = judge_earlier(session, turn, seen)) found.push_back(std::move(*earlier));
  if (auto escalation = escalate(session, turn, seen)) found.push_back(std::move(*escalation));
  if (turn.status == wire::AnswerStatus::complete) {
    session.failures.clear();
    session.answers.push_back(std::move(seen));
    if (session.answers.size() > kAnswersKept) session.answers.pop_front();
  }
  return found;
}

std::optional<Detected> ImplicitDetector::judge_earlier(Session& session, const TurnSeen& turn,
                                                        const Seen& now) {
  const auto judged = [&](Seen& earlier, wire::FeedbackType type, std::string reason) {
    earlier.is_judged = true;
    return Detected{type,
                    earlier.response_id,
                    earlier.question,
                    std::move(reason),
                    {now.response_id},
                    earlier.message_id};
  };
  const bool is_answered = turn.status == wire::AnswerStatus::complete;
  if (turn.is_follow_up) {
    if (!is_answered || session.answers.empty()) return std::nullopt;
    Seen& last = session.answers.back();
    if (last.is_judged || !last.query || !now.query || !builds_upon(*now.query, *last.query))
      return std::nullopt;
    return judged(last, wire::FeedbackType::implicit_accept, "built_upon");
  }
  for (auto earlier = session.answers.rbegin(); earlier != session.answers.rend(); ++earlier) {
    // The very same words are a repetition (fresh rows are wanted), not another attempt.
    if (earlier->is_judged || words_of(earlier->question) == words_of(now.question)) continue;
    const bool are_planned = earlier->query && now.query;
    if (are_planned && is_same_query(*earlier->query, *now.query))
      return judged(*earlier, wire::FeedbackType::implicit_reject, "reasked_same_query");
    if (are_planned && has_same_metrics(*earlier->query, *now.query)) continue;
    if (word_overlap(earlier->words, now.words) >= config_.word_overlap_min)
      return judged(*earlier, wire::FeedbackType::implicit_reject, "reasked_similar_words");
  }
  return std::nullopt;
}

std::optional<Detected> ImplicitDetector::escalate(Session& session, const TurnSeen& turn,
                                                   const Seen& now) {
  const bool is_answered = turn.status == wire::AnswerStatus::complete;
  if (!is_answered) session.failures.push_back(now);
  const bool is_run = session.failures.size() >= config_.failures_max;
  const bool is_frustration = is_frustrated(turn.question);
  if (!is_run && !is_frustration) return std::nullopt;
  // Frustration is about what came before it; a run of failures ends with this one.
  const Seen& about = !is_run && !session.answers.empty() ? session.answers.back() : now;
  Detected found{wire::FeedbackType::escalation,
                 about.response_id,
                 about.question,
                 is_run ? "repeated_failure" : "frustration",
                 {},
                 about.message_id};
  for (const auto& failure : session.failures) found.evidence.push_back(failure.response_id);
  if (found.evidence.empty()) found.evidence.push_back(now.response_id);
  session.failures.clear();
  return found;
}

bool ImplicitDetector::is_frustrated(const std::string& question) const {
  const auto words = words_of(question);
  return std::ranges::any_of(config_.frustration_phrases, [&](const std::string& phrase) {
    const auto wanted = words_of(phrase);
    return !wanted.empty() && !std::ranges::search(words, wanted).empty();
  });
}

void ImplicitDetector::feedback_given(const std::string& session_id,
                                      const std::string& response_id) {
  const auto session = sessions_.find(session_id);
  if (session == sessions_.end()) return;
  for (auto& seen : session->second.answers)
    if (seen.response_id == response_id) seen.is_judged = true;
}

}  // namespace loquat::feedback
