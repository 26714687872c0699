#pragma once
#include "../door.hpp"
#include "loquat/degradation/guard.hpp"
#include "loquat/engine/engine.hpp"
#include "peer.hpp"
#include "platform_answer.hpp"

namespace loquat::engine {

/// The platform's query engine API: one request, or start, poll and fetch.
class PlatformEngine final : public contracts::QueryEngine {
 public:
  PlatformEngine(EngineConfig config, Ports ports);
  [[nodiscard]] std::string_view dialect() const noexcept override { return "trino"; }
  [[nodiscard]] contracts::Task<Result<contracts::ResultSet>> execute(
      contracts::QueryRequest request) override;

 private:
  struct Run;
  contracts::Task<Result<contracts::ResultSet>> attempt(
      std::shared_ptr<const contracts::QueryRequest> request, Time until);
  contracts::Task<Result<contracts::ResultSet>> at_once(Run& run);
  struct Places {
    std::string status, results;
  };
  contracts::Task<Result<Places>> begin(std::shared_ptr<Run> run);
  contracts::Task<Result<contracts::ResultSet>> step_by_step(Run& run, Places places);
  contracts::Task<Result<void>> wait(Run& run, std::string status_url);
  contracts::Task<Result<std::string>> call(Run& run, net::Method method, std::string url,
                                            std::string body);
  contracts::Task<Result<contracts::ResultSet>> read(Run& run, std::string body);
  [[nodiscard]] std::string question(const contracts::QueryRequest& request, Time deadline) const;
  contracts::Task<void> cancel(Caller caller, std::string url);

  EngineConfig config_;
  Ports ports_;
  Door door_;
  degradation::Guard guard_;
};

}  // namespace loquat::engine
