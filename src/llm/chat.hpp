#pragma once
#include <string>
#include <string_view>

#include "loquat/base/result.hpp"
#include "loquat/contracts/ports.hpp"
#include "loquat/llm/llm.hpp"

namespace loquat::llm {

/// Body of POST /chat/completions. `json_schema` empty: free text.
/// `is_streamed`: the answer comes as server-sent events, with its usage in the last.
[[nodiscard]] std::string chat_request(const LlmConfig& config, std::string_view system,
                                       std::string_view user, std::string_view json_schema,
                                       bool is_streamed = false);
/// Errors: corrupt: no choice, no text, cut off at the token limit, or no JSON where a schema was
/// given.
[[nodiscard]] Result<contracts::ModelReply> read_chat_answer(std::string_view body,
                                                             bool must_be_json);

/// Reads a streamed chat completion (chat.completion.chunk objects as server-sent events, ended by
/// `[DONE]`). A server that does not stream and answers whole is read too.
class ChatStream {
 public:
  /// The text that came with `bytes`, which may end anywhere.
  [[nodiscard]] std::string feed(std::string_view bytes);
  /// `rest`: text of an answer that was not streamed. Errors: corrupt: it broke off, said nothing,
  /// or is no such stream.
  [[nodiscard]] Result<contracts::ModelReply> finish(std::string& rest);

 private:
  void read_line(std::string_view line, std::string& out);
  contracts::ModelReply reply_;
  std::string line_;
  std::string whole_;  ///< of what is no stream
  bool is_stream_ = false, is_done_ = false, is_broken_ = false;
};

}  // namespace loquat::llm
