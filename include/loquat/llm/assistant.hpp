#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "loquat/base/fields.hpp"
#include "loquat/base/sources.hpp"
#include "loquat/contracts/assistant.hpp"

namespace loquat::observability {
class Telemetry;
}

/// The language model as help for the planner: switched, budgeted, counted.
namespace loquat::llm {

/// Section `assist`.
struct AssistConfig {
  bool enabled = true;
  std::chrono::milliseconds timeout{8'000};
  std::int64_t request_tokens_max = 16'000;
  std::int64_t tenant_tokens_per_day = 500'000;
  double tenant_cost_per_day = 0;
  double input_price = 0;
  double output_price = 0;
  std::int64_t narration_rows_max = 0;
  template <class V>
  void fields(V& v) {
    using namespace std::chrono_literals;
    v("enabled", enabled,
      "Ask the language model (section llm) where the planner would ask back or refuse.");
    v("timeout", timeout, "Longest that one question waits for it.", in(100ms, 2min));
    v("request_tokens_max", request_tokens_max, "Tokens of one request, prompt and reply.",
      in(100, 1'000'000), unit("tokens"));
    v("tenant_tokens_per_day", tenant_tokens_per_day,
      "Tokens of one tenant in a UTC day; 0: no limit.", in(0.0, 1e12), unit("tokens"));
    v("tenant_cost_per_day", tenant_cost_per_day,
      "Money of one tenant in a UTC day, in the unit of the prices; 0: no limit.",
      in(0, 1'000'000));
    v("input_price", input_price, "Price of a million prompt tokens.", in(0, 100'000));
    v("output_price", output_price, "Price of a million reply tokens.", in(0, 100'000));
    v("narration_rows_max", narration_rows_max,
      "Rows of a result (personal data masked) that the model may be shown, besides each metric's "
      "highest and lowest, to tell of them below the planner's own words; 0: it sees no rows and "
      "tells nothing.",
      in(0, 200), unit("rows"));
  }
};

/// What each tenant has used today. Pure: time comes in. Kept for the life of the process.
class Budget {
 public:
  explicit Budget(AssistConfig config) : config_(config) {}
  /// True if a request of about `tokens` still fits; it is then counted until `settle`.
  [[nodiscard]] bool reserve(const std::string& tenant_id, std::int64_t tokens, WallTime now);
  /// Puts what was used in the place of what was reserved. Out: its cost.
  double settle(const std::string& tenant_id, std::int64_t reserved, std::int64_t input_tokens,
                std::int64_t output_tokens, WallTime now);

 private:
  struct Day {
    std::int64_t day = 0, tokens = 0;
    double cost = 0;
  };
  Day& today(const std::string& tenant_id, WallTime now);
  AssistConfig config_;
  std::map<std::string, Day> days_;
};

struct AssistPorts {
  contracts::LanguageModel& model;
  const Sources& sources;
  observability::Telemetry& telemetry;
};
[[nodiscard]] std::unique_ptr<contracts::Assistant> make_assistant(AssistConfig config,
                                                                   std::int64_t output_tokens_max,
                                                                   AssistPorts ports);

}  // namespace loquat::llm
