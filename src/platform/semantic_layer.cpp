#include "loquat/degradation/guard.hpp"
#include "loquat/degradation/health_board.hpp"
#include "loquat/platform/platform.hpp"
#include "peer.hpp"
#include "semantic_messages.hpp"

namespace loquat::platform {
namespace {

using contracts::Task;

class SemanticLayerClient final : public contracts::SemanticLayer {
 public:
  SemanticLayerClient(SemanticLayerConfig config, Ports ports)
      : config_(std::move(config)),
        ports_(std::move(ports)),
        guard_(ports_.executor, "semantic_layer", config_.guard, ports_.board,
               ports_.sources.random) {}

  [[nodiscard]] bool is_configured() const noexcept override { return !config_.url.empty(); }

  Task<Result<contracts::ResultSet>> query(contracts::MetricQuery query,
                                           contracts::Principal principal,
                                           contracts::RequestContext context,
                                           Time deadline) override {
    if (!is_configured()) co_return fail(Errc::unavailable, "No semantic layer is configured.");
    auto body = semantic_request(query, config_.model_id);
    if (!body) co_return fail(Errc::unavailable, body.error().detail);
    auto call = std::make_shared<PeerCall>();
    call->service = "The semantic layer";
    call->method = net::Method::post;
    call->base = config_.url;
    call->path = config_.path;
    call->principal = std::move(principal);
    call->context = std::move(context);
    call->token = config_.token;
    call->body = std::move(*body);
    std::shared_ptr<const PeerCall> shared = std::move(call);
    auto asked = std::make_shared<const contracts::MetricQuery>(std::move(query));
    degradation::Guard::Attempt<contracts::ResultSet> once = [this, shared, asked](Time until) {
      return ask(shared, asked, until);
    };
    auto rows = co_await guard_.call<contracts::ResultSet>(std::move(once), deadline);
    if (rows) co_return rows;
    // Whatever the reason: the caller uses the local model.
    if (rows.error().code == Errc::cancelled) co_return rows;
    co_return fail(Errc::unavailable, rows.error().detail);
  }

 private:
  Task<Result<contracts::ResultSet>> ask(std::shared_ptr<const PeerCall> call,
                                         std::shared_ptr<const contracts::MetricQuery> query,
                                         Time until) {
    const auto body = co_await send(ports_.client, std::move(call), until);
    if (!body) co_return body.error();
    co_return read_semantic_answer(*body, *query);
  }

  SemanticLayerConfig config_;
  Ports ports_;
  degradation::Guard guard_;
};

}  // namespace

std::unique_ptr<contracts::SemanticLayer> make_semantic_layer(SemanticLayerConfig config,
                                                              Ports ports) {
  ports.board.add("semantic_layer", "The local dbt model answers.",
                  config.url.empty() ? degradation::Health::disabled : degradation::Health::up);
  return std::make_unique<SemanticLayerClient>(std::move(config), std::move(ports));
}

}  // namespace loquat::platform
