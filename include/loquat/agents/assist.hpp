#pragma once
#include <string>
#include <string_view>

#include "loquat/contracts/turn.hpp"
#include "loquat/semantic/planner.hpp"

/// What a language model is told, and what of its reply may be used. Pure. It proposes a metric
/// query; it never writes SQL, a filter template, or words that are shown.
namespace loquat::agents {

struct AssistPrompt {
  std::string system, user, json_schema;
};
/// Holds names, labels and descriptions of the model and values of dimensions that are no personal
/// data, bounded; no data rows.
[[nodiscard]] AssistPrompt make_prompt(const contracts::ModelSnapshot& model,
                                       const std::string& question, Date today);

/// The proposed query, made of things that exist: metrics, groupings and values are looked up, the
/// filters are written here. Errors: corrupt for a reply that does not hold the schema, names what
/// is not there, uses personal data, or does not honour what the question plainly says;
/// unprocessable_question where the model says that it cannot tell.
[[nodiscard]] Result<contracts::MetricQuery> read_proposal(const contracts::ModelSnapshot& model,
                                                           const std::string& question, Date today,
                                                           std::string_view reply);

}  // namespace loquat::agents
