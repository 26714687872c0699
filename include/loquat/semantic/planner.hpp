#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "loquat/semantic/model_index.hpp"

/// Question -> metric query, from the imported model alone. No language model, no clock: "today" is
/// a parameter. The same input gives the same plan.
namespace loquat::semantic {

/// Values that occur in the data, per dimension (output name without grain). Immutable; read
/// bounded from the engine after a sync. Dimensions tagged as personal data have none.
struct DimensionValues {
  std::map<std::string, std::vector<std::string>> values;
  std::map<std::string, bool> truncated;  ///< true: there are more than were read
};

/// What the words of one model mean: built once per (model, values), shared, thread safe.
class Vocabulary {
 public:
  [[nodiscard]] static std::shared_ptr<const Vocabulary> build(
      std::shared_ptr<const ModelIndex> index, DimensionValues values);
  virtual ~Vocabulary() = default;
  [[nodiscard]] virtual const ModelIndex& index() const = 0;
};

/// What an answer was built on; a follow-up changes it.
struct PreviousTurn {
  std::string question;
  contracts::MetricQuery query;
  std::string time_phrase;  ///< how the period was said, for the interpretation
};

struct PlanRequest {
  std::string question;  ///< UTF-8, at most 4 KiB
  Date today;
  std::optional<PreviousTurn> previous;
  bool refine = false;  ///< the client says it is a change of the last query
  std::string
      preferred_grain;  ///< learnt; used only where the question says "over time" without a grain
  std::optional<Date> data_start,
      data_end;  ///< period covered by data of the model's time dimensions, if known
  bool may_see_personal_data = false;
};

struct Planned {
  contracts::MetricQuery query;
  std::string time_phrase;
  bool is_follow_up = false;
  std::vector<std::string> kept, changed;  ///< for the interpretation of a follow-up
};
struct ClarifyOption {
  std::string label;    ///< for a button
  std::string message;  ///< a question that, sent as is, is planned to `query`
  contracts::MetricQuery query;
};
struct Clarify {
  std::string question;
  std::vector<ClarifyOption> options;  ///< two to five
};
enum class RefusalReason {
  out_of_scope,
  no_such_metric,
  no_such_dimension,
  no_such_value,
  unreachable,
  no_data,
  write_request,
  personal_data,
  not_understood,
  policy
};
struct Refuse {
  RefusalReason reason = RefusalReason::not_understood;
  std::string message;              ///< what is missing and why, a sentence or two for people
  std::vector<ClarifyOption> near;  ///< what can be asked instead; may be empty
};
/// A question about the model itself ("how is X defined?"), answered from it; markdown.
struct ModelAnswer {
  std::string text;
  std::vector<std::string> metrics;
};

struct WordUse {
  std::string word;
  enum class As {
    metric,
    dimension,
    value,
    time,
    grain,
    operation,
    filler,
    unknown
  } as = As::unknown;
  std::string meaning;  ///< e.g. `metric revenue`, `customer__segment = office`
};
struct Candidate {
  std::string what;  ///< e.g. a metric's name
  double score = 0;
};

/// What speaks for the best reading, as numbers: the confidence is a function of these alone.
struct Evidence {
  double doubt = 0;      ///< 0 none: mistyped, abbreviated, half a name, weak grammar
  double rivalry = 0;    ///< 1: another reading is as good; 0: none within 0.4 of its score
  double half_name = 0;  ///< weight of the words that the metrics' names have unsaid, at most 2
  double lacking = 0;    ///< 1: a part of the question has no place in the query
  double not_known = 0;  ///< 1: a word is not understood
  double length = 0;     ///< words, in tens, at most 2
  double follow_up = 0;  ///< 1: a change of the last query
};

struct PlanOutcome {
  std::variant<Planned, Clarify, Refuse, ModelAnswer> result;
  double confidence = 0;                      ///< 0..1, calibrated
  std::string interpretation;                 ///< one sentence: how the question was read
  std::vector<WordUse> words;                 ///< every word of the question, accounted for
  std::vector<Candidate> metrics_considered;  ///< best first
  Evidence evidence;                          ///< of the best reading
  contracts::MetricQuery best;                ///< the best reading's query, asked back or not
};

[[nodiscard]] PlanOutcome plan(const Vocabulary& vocabulary, const PlanRequest& request);

/// The sentence for a query that ran, from the query alone ("Revenue by month, 1 Jan to 31 Dec
/// 2025, for …").
[[nodiscard]] std::string interpret(const ModelIndex& index, const contracts::MetricQuery& query,
                                    std::string_view time_phrase);
/// One condition of `query.where` as `interpret` says it; empty for one that only leaves out rows
/// without a value.
[[nodiscard]] std::string filter_in_words(const ModelIndex& index,
                                          const contracts::MetricQuery& query, std::size_t where);

}  // namespace loquat::semantic

namespace loquat {
LOQUAT_ENUM(semantic::RefusalReason, 10,
            {{{semantic::RefusalReason::out_of_scope, "out_of_scope"},
              {semantic::RefusalReason::no_such_metric, "no_such_metric"},
              {semantic::RefusalReason::no_such_dimension, "no_such_dimension"},
              {semantic::RefusalReason::no_such_value, "no_such_value"},
              {semantic::RefusalReason::unreachable, "unreachable"},
              {semantic::RefusalReason::no_data, "no_data"},
              {semantic::RefusalReason::write_request, "write_request"},
              {semantic::RefusalReason::personal_data, "personal_data"},
              {semantic::RefusalReason::not_understood, "not_understood"},
              {semantic::RefusalReason::policy, "policy"}}});
}  // namespace loquat
