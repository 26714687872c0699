#pragma once
#include <string>
#include <string_view>

#include "loquat/base/result.hpp"
#include "loquat/contracts/metric_query.hpp"
#include "loquat/wire/answer.hpp"

namespace loquat::agents {

/// The metric query in its public form, and back. Errors: invalid_request with field issues for a
/// bad date or transform.
[[nodiscard]] wire::QueryShape to_shape(const contracts::MetricQuery& query);
[[nodiscard]] Result<contracts::MetricQuery> from_shape(const wire::QueryShape& shape);

/// What a follow-up builds on, kept with the message that it answered.
struct LastQuery {
  std::string question;
  contracts::MetricQuery query;
  std::string time_phrase;
};
[[nodiscard]] std::string encode_last_query(const LastQuery& last);
[[nodiscard]] Result<LastQuery> decode_last_query(std::string_view json);

}  // namespace loquat::agents
