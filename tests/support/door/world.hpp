#pragma once
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <deque>
#include <map>
#include <memory>

#include "loquat/edge/routes.hpp"
#include "loquat/net/server.hpp"
#include "loquat/observability/telemetry.hpp"
#include "loquat/runtime/task.hpp"

/// What tests of the REST edge stand on: fakes that keep state, and a server on a loopback port.
namespace loquat::test {

class SilentSink final : public observability::LogSink {
 public:
  void write(const observability::LogRecord&) override {}
};

/// Keeps what was published, or refuses when told to.
class KeepingPublisher final : public contracts::EventPublisher {
 public:
  std::vector<wire::Event> kept;
  bool is_full = false;
  contracts::Task<Result<contracts::Receipt>> publish(wire::Event event) override {
    if (is_full) co_return fail(Errc::buffer_full, "full");
    kept.push_back(std::move(event));
    co_return contracts::Receipt::accepted;
  }
  void offer(wire::Event event) override { kept.push_back(std::move(event)); }
  std::vector<wire::AuditEvent> audits() const {
    std::vector<wire::AuditEvent> found;
    for (const auto& event : kept)
      if (const auto* audit = std::get_if<wire::AuditEvent>(&event)) found.push_back(*audit);
    return found;
  }
};

class MemoryIdempotency final : public contracts::IdempotencyStore {
 public:
  std::map<std::string, contracts::IdempotencyRecord> records;
  contracts::Task<Result<std::optional<contracts::IdempotencyRecord>>> find(
      std::string scope) override {
    const auto found = records.find(scope);
    if (found == records.end()) co_return std::optional<contracts::IdempotencyRecord>();
    co_return std::optional(found->second);
  }
  contracts::Task<Result<void>> put(contracts::IdempotencyRecord record) override {
    auto scope = record.scope;
    records[std::move(scope)] = std::move(record);
    co_return Result<void>();
  }
};

/// Everything that Routes asks for; open mode on loopback unless told otherwise.
struct EdgeWorld {
  explicit EdgeWorld(security::AuthConfig auth = {}) {
    auto made = security::Authenticator::make(auth, "127.0.0.1", wall);
    authenticator = std::move(made.value());
    edge::Ports ports{sources, telemetry,    *authenticator,          tickets, cookies, limiter,
                      auditor, &idempotency, std::chrono::seconds(20)};
    ports.shedder = &shedder;
    ports.streams = &streams;
    ports.expected_wait = [this] { return wait; };
    routes = std::make_unique<edge::Routes>(ports);
  }
  SystemWallClock wall;
  SystemRandom random;
  Sources sources{wall, random};
  observability::Telemetry telemetry{{}, wall, std::make_unique<SilentSink>()};
  security::Tickets tickets{sources, std::chrono::seconds(30), 100};
  security::Tickets cookies{sources, std::chrono::hours(1), 100};
  security::RateLimitConfig rate{1e6, 1e6, 1000};
  security::RateLimiter limiter{rate};
  degradation::OverloadConfig overload;
  degradation::LoadShedder shedder{overload};
  security::StreamsConfig readers;
  security::StreamSlots streams{readers};
  Clock::duration wait{};  ///< for a turn, as Retry-After says it
  KeepingPublisher publisher;
  security::Auditor auditor{sources, "test", publisher, nullptr};
  MemoryIdempotency idempotency;
  std::unique_ptr<security::Authenticator> authenticator;
  std::unique_ptr<edge::Routes> routes;
};

/// Runs one coroutine to its end on a loop of its own; gives back what it threw.
inline void run_on(boost::asio::io_context& context, contracts::Task<void> task) {
  std::exception_ptr error;
  bool is_done = false;
  boost::asio::co_spawn(context, std::move(task), [&](std::exception_ptr e) {
    error = std::move(e);
    is_done = true;
    context.stop();
  });
  context.restart();
  context.run();
  if (error) std::rethrow_exception(error);
  if (!is_done) throw std::runtime_error("the task never ended");
}

}  // namespace loquat::test
