#pragma once
#include <string>
#include <string_view>

#include "loquat/base/result.hpp"
#include "loquat/contracts/ports.hpp"
#include "loquat/llm/llm.hpp"

namespace loquat::llm {

/// Body of POST /chat/completions. `json_schema` empty: free text.
[[nodiscard]] std::string chat_request(const LlmConfig& config, std::string_view system,
                                       std::string_view user, std::string_view json_schema);
/// Errors: corrupt: no choice, no text, cut off at the token limit, or no JSON where a schema was
/// given.
[[nodiscard]] Result<contracts::ModelReply> read_chat_answer(std::string_view body,
                                                             bool must_be_json);

}  // namespace loquat::llm
