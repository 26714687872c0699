#include "loquat/net/client.hpp"
#include "chat.hpp"
#include "loquat/degradation/guard.hpp"
#include "loquat/degradation/health_board.hpp"

namespace loquat::llm {
namespace {

using contracts::ModelReply;
using contracts::Task;

Error error_of(int status) {
  std::string detail = "The language model answered " + std::to_string(status) + ".";
  if (status == 429) return fail(Errc::overloaded, std::move(detail));
  if (status >= 500 || status == 401 || status == 403 || status == 404)
    return fail(Errc::unavailable, std::move(detail));
  return fail(Errc::invalid_request, std::move(detail));
}

class ChatClient final : public contracts::LanguageModel {
 public:
  ChatClient(LlmConfig config, Ports ports)
      : config_(std::move(config)),
        ports_(std::move(ports)),
        guard_(ports_.executor, "llm", config_.guard, ports_.board, ports_.sources.random,
               Errc::llm_unavailable) {}

  [[nodiscard]] bool is_configured() const noexcept override { return !config_.base_url.empty(); }

  Task<Result<ModelReply>> complete(std::string system, std::string user, std::string json_schema,
                                    Time deadline) override {
    if (!is_configured()) co_return fail(Errc::llm_unavailable, "No language model is configured.");
    auto body =
        std::make_shared<const std::string>(chat_request(config_, system, user, json_schema));
    const bool must_be_json = !json_schema.empty();
    degradation::Guard::Attempt<ModelReply> once = [this, body, must_be_json](Time until) {
      return ask(body, must_be_json, until);
    };
    auto reply = co_await guard_.call<ModelReply>(std::move(once), deadline);
    co_return as_ours(std::move(reply));
  }

  Task<Result<ModelReply>> stream(std::string system, std::string user,
                                  std::function<void(std::string_view)> on_text,
                                  Time deadline) override {
    if (!is_configured()) co_return fail(Errc::llm_unavailable, "No language model is configured.");
    auto body = std::make_shared<const std::string>(chat_request(config_, system, user, {}, true));
    degradation::Guard::Attempt<ModelReply> once = [this, body,
                                                    on_text = std::move(on_text)](Time until) {
      return listen(body, on_text, until);
    };
    auto reply = co_await guard_.call<ModelReply>(std::move(once), deadline, false);
    co_return as_ours(std::move(reply));
  }

 private:
  static Result<ModelReply> as_ours(Result<ModelReply> reply) {
    if (reply) return reply;
    Error error = reply.error();
    const bool is_own = error.code == Errc::timed_out || error.code == Errc::corrupt ||
                        error.code == Errc::cancelled;
    if (!is_own) error.code = Errc::llm_unavailable;
    return error;
  }

  net::ClientRequest request_of(const std::string& body, Time until) const {
    net::ClientRequest request;
    request.method = net::Method::post;
    std::string_view base = config_.base_url;
    while (base.ends_with('/')) base.remove_suffix(1);
    request.url = std::string(base) + "/chat/completions";
    request.headers.set("Content-Type", "application/json");
    if (!config_.api_key.empty())
      request.headers.set("Authorization", "Bearer " + config_.api_key.reveal());
    request.body = body;
    request.deadline = until;
    request.max_body_bytes = 4U << 20U;
    return request;
  }

  Task<Result<ModelReply>> ask(std::shared_ptr<const std::string> body, bool must_be_json,
                               Time until) {
    auto request = request_of(*body, until);
    const auto answer = co_await ports_.client.send(std::move(request));
    if (!answer) co_return answer.error();
    if (answer->status != 200) co_return error_of(answer->status);
    co_return read_chat_answer(answer->body, must_be_json);
  }

  Task<Result<ModelReply>> listen(std::shared_ptr<const std::string> body,
                                  std::function<void(std::string_view)> on_text, Time until) {
    auto request = request_of(*body, until);
    request.headers.set("Accept", "text/event-stream, application/json");
    ChatStream stream;
    request.on_body = [&stream, &on_text](std::string_view bytes) {
      const std::string text = stream.feed(bytes);
      if (!text.empty()) on_text(text);
      return true;
    };
    const auto answer = co_await ports_.client.send(std::move(request));
    if (!answer) co_return answer.error();
    if (answer->status != 200) co_return error_of(answer->status);
    std::string rest;
    auto reply = stream.finish(rest);
    if (reply && !rest.empty()) on_text(rest);
    co_return reply;
  }

  LlmConfig config_;
  Ports ports_;
  degradation::Guard guard_;
};

}  // namespace

std::unique_ptr<contracts::LanguageModel> make_language_model(LlmConfig config, Ports ports) {
  ports.board.add(
      "llm", "The deterministic planner answers alone.",
      config.base_url.empty() ? degradation::Health::disabled : degradation::Health::up);
  return std::make_unique<ChatClient>(std::move(config), std::move(ports));
}

}  // namespace loquat::llm
