#include "loquat/engine/engine.hpp"
#include "loquat/observability/telemetry.hpp"

namespace loquat::engine {
namespace {

runtime::FairQueue::Limits limits_of(const EngineConfig& config) {
  const std::size_t slots = config.guard.concurrency_max;
  const std::size_t tenant =
      config.tenant_queries_max > 0 ? config.tenant_queries_max : runtime::most_of(slots);
  const std::size_t user = config.user_queries_max > 0 ? config.user_queries_max : tenant;
  return {slots, tenant, user, config.line_max, config.tenant_line_max, config.user_line_max};
}

runtime::FairGate::Meters meters_of(observability::MetricsRegistry& metrics) {
  return {metrics.gauge("loquat_engine_running_queries", "Queries that run."),
          metrics.gauge("loquat_engine_waiting_queries", "Queries that wait for their turn."),
          metrics.counter("loquat_engine_refused_queries_total",
                          "Queries refused because the line, or one's share of it, was full.")};
}

/// Rows that keep their turn.
class TurnRows final : public contracts::RowStream {
 public:
  TurnRows(runtime::FairGate::Permit permit, std::unique_ptr<contracts::RowStream> rows)
      : permit_(std::move(permit)), rows_(std::move(rows)) {}
  [[nodiscard]] const std::vector<contracts::Column>& columns() const override {
    return rows_->columns();
  }
  [[nodiscard]] contracts::Task<Result<std::vector<contracts::Row>>> next() override {
    return rows_->next();
  }
  [[nodiscard]] bool is_truncated() const override { return rows_->is_truncated(); }

 private:
  runtime::FairGate::Permit permit_;
  std::unique_ptr<contracts::RowStream> rows_;
};

}  // namespace

FairEngine::FairEngine(contracts::QueryEngine& inner, const EngineConfig& config,
                       boost::asio::any_io_executor executor, observability::Telemetry& telemetry)
    : inner_(inner),
      gate_(std::move(executor), limits_of(config), meters_of(telemetry.metrics())) {}

contracts::Task<Result<contracts::ResultSet>> FairEngine::execute(contracts::QueryRequest request) {
  runtime::FairGate::Claim claim{request.principal.tenant_id, request.principal.user_id};
  auto permit = co_await gate_.acquire(std::move(claim), request.deadline);
  if (!permit && permit.error().code == Errc::timed_out)
    co_return fail(Errc::query_timeout, "The query did not get its turn in time.");
  if (!permit) co_return permit.error();
  co_return co_await inner_.execute(std::move(request));
}

contracts::Task<Result<std::unique_ptr<contracts::RowStream>>> FairEngine::open(
    contracts::QueryRequest request) {
  runtime::FairGate::Claim claim{request.principal.tenant_id, request.principal.user_id};
  auto permit = co_await gate_.acquire(std::move(claim), request.deadline);
  if (!permit && permit.error().code == Errc::timed_out)
    co_return fail(Errc::query_timeout, "The query did not get its turn in time.");
  if (!permit) co_return permit.error();
  auto rows = co_await inner_.open(std::move(request));
  if (!rows) co_return rows.error();
  co_return std::make_unique<TurnRows>(std::move(*permit), std::move(*rows));
}

}  // namespace loquat::engine
