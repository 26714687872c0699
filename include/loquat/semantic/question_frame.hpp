#pragma once
#include <optional>
#include <string>
#include <vector>

#include "loquat/semantic/planner.hpp"

/// What a question says apart from its values and its period: two questions with the same frame
/// ask the same thing of other values or another time. Pure; made by the planner's own reading.
namespace loquat::semantic {

struct QuestionFrame {
  struct Value {
    std::string text;                     ///< as written in the data
    std::vector<std::string> dimensions;  ///< output names of the columns that hold it
    bool is_sure = true;                  ///< no other value is as near, and it is not mistyped
    bool operator==(const Value&) const = default;
  };
  std::string form;  ///< words in order with slots; empty: the question has no usable frame
  std::vector<Value> values;
  bool says_time = false;
  std::optional<Date> start, end;  ///< the period that it says, inclusive
  std::string time_phrase;
  std::vector<std::string> metrics;     ///< named in full and without doubt
  std::vector<std::string> dimensions;  ///< to split by, without doubt; output names
  std::vector<std::string> grains;
};

/// Reads `request.question` as a question of its own: what was asked before plays no part. No form
/// for requests that the planner refuses at sight (writes, bypasses, too long).
[[nodiscard]] QuestionFrame frame_of(const Vocabulary& vocabulary, const PlanRequest& request);

/// `query` with the value `from` replaced by `to`, if exactly one filter of it holds `from`, on a
/// column that holds `to` too. Otherwise nothing: when in doubt, a query is not bent.
[[nodiscard]] std::optional<contracts::MetricQuery> with_value(const Vocabulary& vocabulary,
                                                               const contracts::MetricQuery& query,
                                                               const QuestionFrame::Value& from,
                                                               const QuestionFrame::Value& to);

}  // namespace loquat::semantic
