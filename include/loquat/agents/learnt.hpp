#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "loquat/contracts/learnt.hpp"
#include "loquat/contracts/turn.hpp"
#include "loquat/semantic/question_frame.hpp"

/// Verified answers and memory items made ready for one model: found by the question's frame, never
/// by its raw words. Pure and thread safe.
namespace loquat::agents {

/// Immutable. Items whose query this model cannot compile, or whose question has no frame in it,
/// are in `broken`, by id, with the reason; they are never used.
struct LearntBook {
  struct Entry {
    contracts::LearntItem item;
    contracts::MetricQuery query;
    semantic::QuestionFrame frame;
  };
  std::shared_ptr<const semantic::Vocabulary> vocabulary;
  std::vector<Entry> entries;
  std::unordered_map<std::string, std::vector<std::size_t>> by_form;
  std::unordered_map<std::string, std::string> broken;
};
/// `items`: active ones of one tenant. Costs a planning per item: on the worker pool.
[[nodiscard]] std::shared_ptr<const LearntBook> build_book(
    std::shared_ptr<const semantic::Vocabulary> vocabulary,
    const std::vector<contracts::LearntItem>& items, Date today);
/// Why `item` cannot be used with this model; empty if it can.
[[nodiscard]] std::string why_broken(const semantic::Vocabulary& vocabulary,
                                     const contracts::LearntItem& item, Date today);

struct LearntUse {
  std::string id, question, author;
  contracts::LearntKind kind = contracts::LearntKind::memory;
  std::int64_t version = 1;
  bool is_variant = false;  ///< other values or another period than the question it was taught for
  contracts::MetricQuery query;
  std::string time_phrase;
};
/// The query that was taught for this question, with this question's values and period put in.
/// Nothing if no item has its frame, if a value cannot be put in without doubt, if two items
/// disagree, or if the query would show personal data to somebody who may not see it.
[[nodiscard]] std::optional<LearntUse> find_learnt(const LearntBook& book,
                                                   const semantic::PlanRequest& request,
                                                   const semantic::PlanOutcome& planned);

/// How the period of a taught query relates to its question. Errors: invalid_request when the
/// question says a relative period and the query has another: it would be wrong tomorrow.
[[nodiscard]] Result<bool> is_period_fixed(const semantic::Vocabulary& vocabulary,
                                           const std::string& question,
                                           const contracts::MetricQuery& query, Date today);

/// What of the question the query does not honour, in words: a metric named in full, a split, a
/// grain, a value, the period. Empty: nothing speaks against it.
[[nodiscard]] std::vector<std::string> contradictions(const semantic::Vocabulary& vocabulary,
                                                      const std::string& question,
                                                      const contracts::MetricQuery& query,
                                                      Date today);

}  // namespace loquat::agents
