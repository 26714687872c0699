#include "loquat/llm/assistant.hpp"

#include "loquat/observability/telemetry.hpp"

namespace loquat::llm {
namespace {

using contracts::ModelReply;
using contracts::Task;

constexpr double kMillion = 1e6;
/// Bytes of English and JSON in one token, on the safe side; only for what is not yet counted.
constexpr std::size_t kBytesPerToken = 3;

class BudgetedAssistant final : public contracts::Assistant {
 public:
  BudgetedAssistant(AssistConfig config, std::int64_t output_tokens_max, AssistPorts ports)
      : config_(config), output_tokens_max_(output_tokens_max), ports_(ports), budget_(config) {}

  [[nodiscard]] bool is_enabled() const noexcept override {
    return config_.enabled && ports_.model.is_configured();
  }

  [[nodiscard]] std::size_t narration_rows_max() const noexcept override {
    return static_cast<std::size_t>(config_.narration_rows_max);
  }

  Task<Result<ModelReply>> propose(std::string tenant_id, std::string system, std::string user,
                                   std::string json_schema, Time deadline) override {
    const auto guess = reserve(tenant_id, system.size() + user.size() + json_schema.size());
    if (!guess) co_return guess.error();
    auto reply = co_await ports_.model.complete(std::move(system), std::move(user),
                                                std::move(json_schema), until(deadline));
    settle(tenant_id, *guess, reply);
    co_return reply;
  }

  Task<Result<ModelReply>> tell(std::string tenant_id, std::string system, std::string user,
                                std::function<void(std::string_view)> on_text,
                                Time deadline) override {
    const auto guess = reserve(tenant_id, system.size() + user.size());
    if (!guess) co_return guess.error();
    auto reply = co_await ports_.model.stream(std::move(system), std::move(user),
                                              std::move(on_text), until(deadline));
    settle(tenant_id, *guess, reply);
    co_return reply;
  }

 private:
  [[nodiscard]] Time until(Time deadline) const {
    return std::min(deadline, Clock::now() + config_.timeout);
  }

  /// Tokens that a request may cost, kept from the day's budget.
  Result<std::int64_t> reserve(const std::string& tenant_id, std::size_t bytes) {
    const std::int64_t guess =
        static_cast<std::int64_t>(bytes / kBytesPerToken) + output_tokens_max_;
    const bool is_too_long = guess > config_.request_tokens_max;
    if (!is_too_long && budget_.reserve(tenant_id, guess, ports_.sources.wall.now())) return guess;
    count("loquat_llm_refused_requests_total", "Requests that a budget kept from the model.", 1);
    return fail(Errc::llm_unavailable, "The budget for the language model is used up.");
  }

  void settle(const std::string& tenant_id, std::int64_t guess, const Result<ModelReply>& reply) {
    // What a failed request cost is unknown: the guess stays, so that failures are not free.
    if (!reply)
      return count("loquat_llm_failed_requests_total", "Requests without a usable reply.", 1);
    // A server that streams need not count: then, too, the guess stays.
    const bool is_counted = reply->input_tokens + reply->output_tokens > 0;
    const double cost = budget_.settle(tenant_id, guess, is_counted ? reply->input_tokens : guess,
                                       reply->output_tokens, ports_.sources.wall.now());
    count("loquat_llm_input_tokens_total", "Prompt tokens.",
          static_cast<double>(reply->input_tokens));
    count("loquat_llm_output_tokens_total", "Reply tokens.",
          static_cast<double>(reply->output_tokens));
    count("loquat_llm_cost_microunits_total", "Cost, in millionths of the prices' unit.",
          cost * kMillion);
    count("loquat_llm_answered_requests_total", "Requests answered by the model.", 1);
  }

  void count(std::string_view name, std::string_view help, double amount) {
    if (amount <= 0) return;
    ports_.telemetry.metrics().counter(name, help).add(amount);
  }

  AssistConfig config_;
  std::int64_t output_tokens_max_;
  AssistPorts ports_;
  Budget budget_;
};

}  // namespace

Budget::Day& Budget::today(const std::string& tenant_id, WallTime now) {
  const std::int64_t day = std::chrono::floor<std::chrono::days>(now).time_since_epoch().count();
  Day& place = days_[tenant_id];
  if (place.day != day) place = Day{day, 0, 0};
  return place;
}

bool Budget::reserve(const std::string& tenant_id, std::int64_t tokens, WallTime now) {
  Day& day = today(tenant_id, now);
  const bool fits_tokens =
      config_.tenant_tokens_per_day == 0 || day.tokens + tokens <= config_.tenant_tokens_per_day;
  const bool fits_cost = config_.tenant_cost_per_day == 0 || day.cost < config_.tenant_cost_per_day;
  if (!fits_tokens || !fits_cost) return false;
  day.tokens += tokens;
  return true;
}

double Budget::settle(const std::string& tenant_id, std::int64_t reserved,
                      std::int64_t input_tokens, std::int64_t output_tokens, WallTime now) {
  Day& day = today(tenant_id, now);
  day.tokens = std::max<std::int64_t>(0, day.tokens - reserved) + input_tokens + output_tokens;
  const double cost = (static_cast<double>(input_tokens) * config_.input_price +
                       static_cast<double>(output_tokens) * config_.output_price) /
                      kMillion;
  day.cost += cost;
  return cost;
}

std::unique_ptr<contracts::Assistant> make_assistant(AssistConfig config,
                                                     std::int64_t output_tokens_max,
                                                     AssistPorts ports) {
  return std::make_unique<BudgetedAssistant>(config, output_tokens_max, ports);
}

}  // namespace loquat::llm
