#include "copies.hpp"

#include "loquat/contracts/peer_headers.hpp"
#include "loquat/net/client.hpp"
#include "open_lineage.hpp"

namespace loquat::lineage {

using contracts::Task;

namespace {
constexpr auto kSendTime = std::chrono::seconds(30);

std::size_t size_of(const Copy& copy) {
  return 1024 + copy.event.query.sql.size() + 200 * copy.event.outputs.size();
}
}  // namespace

Copies::Copies(const LineageConfig& config, const Ports& ports)
    : config_(config),
      ports_(ports),
      guard_(ports.executor, "lineage", config.guard, ports.board, ports.sources.random),
      waiting_({config.copies_max, 64U << 20U, degradation::FullPolicy::drop_oldest},
               [this](Copy&&) { dropped(DropReason::buffer_full); }),
      arrived_(ports.executor) {}

bool Copies::is_wanted() const noexcept {
  return !config_.url.empty() ||
         (config_.catalog_edges && ports_.catalog != nullptr && ports_.catalog->is_configured());
}

void Copies::dropped(DropReason reason, std::uint64_t count) {
  dropped_ += count;
  ports_.telemetry.emit(CopyDropped{reason, count});
}

void Copies::show_depth() {
  ports_.board.set_depth("lineage", {waiting_.size(), config_.copies_max, dropped_, 0});
}

void Copies::offer(Copy copy) {
  const std::size_t bytes = size_of(copy);
  if (waiting_.push(std::move(copy), bytes) != degradation::PushOutcome::stored)
    dropped(DropReason::buffer_full);
  show_depth();
  arrived_.notify_all();
}

void Copies::give_up() {
  if (const std::size_t left = waiting_.size(); left > 0) dropped(DropReason::stopped, left);
  while (waiting_.pop()) {
  }
  show_depth();
}

void Copies::settle(const Result<void>& outcome) {
  if (outcome) return;
  dropped(degradation::judge(outcome.error()) == degradation::Judgement::callers_own
              ? DropReason::refused
              : DropReason::service_away);
}

Task<void> Copies::run() {
  while (true) {
    while (waiting_.empty()) co_await arrived_.wait();
    const auto copy = waiting_.pop();
    co_await send(*copy);
    show_depth();
  }
}

Task<void> Copies::send(const Copy& copy) {
  if (!config_.url.empty()) {
    std::string run_id = uuid_of(copy.event.query_id);
    if (run_id.empty()) run_id = uuid_of(copy.event.event_id);
    auto body = std::make_shared<const std::string>(
        to_open_lineage(copy.event, config_.name_space, run_id));
    degradation::Guard::Attempt<void> once = [this, body, &copy](Time until) {
      return to_service(body, copy, until);
    };
    const Time deadline = runtime::deadline_after(kSendTime);
    const auto outcome = co_await guard_.call<void>(std::move(once), deadline);
    settle(outcome);
  }
  if (config_.catalog_edges && ports_.catalog != nullptr && ports_.catalog->is_configured()) {
    const auto outcome = co_await to_catalog(copy);
    settle(outcome);
  }
}

Task<Result<void>> Copies::to_service(std::shared_ptr<const std::string> body, const Copy& copy,
                                      Time until) {
  net::ClientRequest request;
  request.method = net::Method::post;
  std::string_view base = config_.url;
  while (base.ends_with('/')) base.remove_suffix(1);
  request.url = std::string(base) + config_.path;
  for (auto& [name, value] :
       contracts::peer_headers(copy.principal, copy.context, config_.token, until, Clock::now()))
    request.headers.set(name, std::move(value));
  request.headers.set("Content-Type", "application/json");
  request.body = *body;
  request.deadline = until;
  const auto answer = co_await ports_.client.send(std::move(request));
  if (!answer) co_return answer.error();
  if (answer->status >= 200 && answer->status < 300) co_return Result<void>();
  std::string detail = "The lineage service answered " + std::to_string(answer->status) + ".";
  if (answer->status == 429) co_return fail(Errc::overloaded, std::move(detail));
  if (answer->status >= 500) co_return fail(Errc::unavailable, std::move(detail));
  co_return fail(Errc::invalid_request, std::move(detail));
}

Task<Result<void>> Copies::to_catalog(const Copy& copy) {
  for (const wire::LineageSource& source : copy.event.sources) {
    contracts::CatalogEdge edge;
    edge.source_fqn = source.table;
    edge.target_fqn = config_.name_space + ".query." + copy.event.query_id;
    for (const wire::LineageOutput& output : copy.event.outputs)
      for (const wire::LineageInput& input : output.inputs)
        if (input.table == source.table && input.type == wire::InfluenceType::DIRECT)
          edge.columns.push_back({input.column, output.column});
    const Time deadline = runtime::deadline_after(kSendTime);
    const auto outcome =
        co_await ports_.catalog->post_edge(std::move(edge), copy.principal, copy.context, deadline);
    if (!outcome) co_return outcome.error();
  }
  co_return Result<void>();
}

}  // namespace loquat::lineage
