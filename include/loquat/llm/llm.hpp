#pragma once
#include <memory>
#include <string>

#include "loquat/base/fields.hpp"
#include "loquat/base/secret.hpp"
#include "loquat/base/sources.hpp"
#include "loquat/contracts/ports.hpp"
#include "loquat/degradation/config.hpp"

namespace loquat::net {
class Client;
}
namespace loquat::degradation {
class HealthBoard;
}

/// A language model behind the OpenAI chat completions API. Optional: nothing needs it.
namespace loquat::llm {

/// Section `llm`.
struct LlmConfig {
  std::string base_url;
  Secret api_key;
  std::string model;
  std::int64_t output_tokens_max = 1024;
  double temperature = 0;
  degradation::GuardConfig guard;
  template <class V>
  void fields(V& v) {
    v("base_url", base_url, "OpenAI-compatible API, e.g. http://host:8080/v1; empty: none.",
      env("LLM_BASE_URL"));
    v("api_key", api_key, "Its key; prefer the environment.", env("LLM_API_KEY"));
    v("model", model, "Model name.", env("LLM_MODEL"));
    v("output_tokens_max", output_tokens_max, "Longest reply.", in(1, 1 << 20), unit("tokens"));
    v("temperature", temperature, "Sampling temperature.", in(0, 2));
    v("guard", guard, "Deadline, retries and breaker.");
  }
};

/// References outlive the client.
struct Ports {
  boost::asio::any_io_executor executor;
  net::Client& client;
  degradation::HealthBoard& board;
  const Sources& sources;
};

/// Lists `llm` on the board; disabled without a base URL.
[[nodiscard]] std::unique_ptr<contracts::LanguageModel> make_language_model(LlmConfig config,
                                                                            Ports ports);

}  // namespace loquat::llm
