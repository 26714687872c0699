#include <map>
#include <set>

#include "loquat/degradation/guard.hpp"
#include "loquat/degradation/health_board.hpp"
#include "loquat/net/http.hpp"
#include "loquat/platform/platform.hpp"
#include "loquat/runtime/runtime.hpp"
#include "loquat/wire/json.hpp"
#include "peer.hpp"
#include "tags.hpp"

namespace loquat::platform {
namespace {

using contracts::Task;
constexpr auto kAskTime = std::chrono::seconds(30);
constexpr std::size_t kAskedMax = 1000;

class CatalogClient final : public Catalog {
 public:
  CatalogClient(CatalogConfig config, Ports ports)
      : config_(std::move(config)),
        ports_(std::move(ports)),
        guard_(ports_.executor, "catalog", config_.guard, ports_.board, ports_.sources.random),
        book_(config_.tables_max) {}

  [[nodiscard]] bool is_configured() const noexcept override { return !config_.url.empty(); }

  [[nodiscard]] std::uint64_t tags_version() const noexcept override { return tags_version_; }

  [[nodiscard]] bool must_mask(std::string_view relation, std::string_view column,
                               std::optional<bool> dbt_says, bool is_text,
                               const contracts::Principal& principal) const override {
    const TagBook::Entry* known = book_.find(relation);
    MaskQuestion question;
    question.is_configured = is_configured();
    question.tags = known != nullptr ? &known->tags : nullptr;
    question.column = column;
    question.dbt_says = dbt_says;
    question.is_text = is_text;
    for (const std::string& role : config_.roles_that_see)
      question.may_see = question.may_see || principal.has_role(role);
    return decide_mask(question);
  }

  void want(std::vector<std::string> relations) override {
    if (!is_configured()) return;
    for (std::string& relation : relations) {
      const TagBook::Entry* known = book_.find(relation);
      if (known != nullptr && Clock::now() - known->at < config_.refresh) continue;
      if (asked_.size() >= kAskedMax || !asked_.insert(plain_name(relation)).second) continue;
      ports_.tasks.spawn("catalog.tags", fetch(plain_name(relation)));
    }
  }

  Task<Result<void>> post_edge(contracts::CatalogEdge edge, contracts::Principal principal,
                               contracts::RequestContext context, Time deadline) override {
    if (!is_configured()) co_return fail(Errc::unavailable, "No catalog is configured.");
    auto call = std::make_shared<PeerCall>();
    call->service = "The catalog";
    call->method = net::Method::post;
    call->base = config_.url;
    call->path = "/v1/lineage/edges";
    call->body = edge_json(edge, principal.tenant_id);
    call->principal = std::move(principal);
    call->context = std::move(context);
    call->token = config_.token;
    std::shared_ptr<const PeerCall> shared = std::move(call);
    degradation::Guard::Attempt<std::string> once = [this, shared](Time until) {
      return send(ports_.client, shared, until);
    };
    const auto answer = co_await guard_.call<std::string>(std::move(once), deadline);
    if (!answer) co_return answer.error();
    co_return Result<void>();
  }

 private:
  static std::string edge_json(const contracts::CatalogEdge& edge, const std::string& tenant) {
    std::string out;
    wire::JsonWriter json(out);
    json.begin_object();
    json.key("tenantId"), json.value(tenant);
    json.key("sourceEntityFqn"), json.value(edge.source_fqn);
    json.key("targetEntityFqn"), json.value(edge.target_fqn);
    json.key("columnLineage");
    json.begin_array();
    for (const auto& column : edge.columns) {
      json.begin_object();
      json.key("sourceColumn"), json.value(column.source);
      json.key("targetColumn"), json.value(column.target);
      json.end_object();
    }
    json.end_array();
    json.end_object();
    return out;
  }

  Task<void> fetch(std::string relation) {
    struct Forget {
      std::set<std::string>& asked;
      const std::string& relation;
      ~Forget() { asked.erase(relation); }
    } forget{asked_, relation};
    auto call = std::make_shared<PeerCall>();
    call->service = "The catalog";
    call->base = config_.url;
    call->path = "/v1/catalog/tables/" + net::percent_encode(relation);
    call->token = config_.token;
    std::shared_ptr<const PeerCall> shared = std::move(call);
    degradation::Guard::Attempt<TableTags> once = [this, shared](Time until) {
      return ask(shared, until);
    };
    const Time deadline = runtime::deadline_after(kAskTime);
    auto tags = co_await guard_.call<TableTags>(std::move(once), deadline);
    // The catalog is there and has no such table: then it tags none of its columns.
    if (!tags && tags.error().code == Errc::not_found) tags = TableTags{};
    if (!tags) co_return;
    book_.put(relation, std::move(*tags), Clock::now());
    ++tags_version_;
  }

  Task<Result<TableTags>> ask(std::shared_ptr<const PeerCall> call, Time until) {
    const auto body = co_await send(ports_.client, std::move(call), until);
    if (!body) co_return body.error();
    co_return read_table_tags(*body, config_.personal_tags);
  }

  CatalogConfig config_;
  Ports ports_;
  degradation::Guard guard_;
  TagBook book_;
  std::uint64_t tags_version_ = 0;
  std::set<std::string> asked_;
};

}  // namespace

std::unique_ptr<Catalog> make_catalog(CatalogConfig config, Ports ports) {
  ports.board.add("catalog",
                  "Last known tags; before the first ones text columns that dbt does not tag are "
                  "masked.",
                  config.url.empty() ? degradation::Health::disabled : degradation::Health::up);
  return std::make_unique<CatalogClient>(std::move(config), std::move(ports));
}

}  // namespace loquat::platform
