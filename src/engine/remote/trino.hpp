#pragma once
#include "../door.hpp"
#include "loquat/degradation/guard.hpp"
#include "loquat/engine/engine.hpp"
#include "peer.hpp"
#include "trino_page.hpp"

namespace loquat::engine {

/// Trino by its statement protocol: POST, then nextUri until there is none; DELETE cancels.
class TrinoEngine final : public contracts::QueryEngine {
 public:
  TrinoEngine(EngineConfig config, Ports ports);
  [[nodiscard]] std::string_view dialect() const noexcept override { return "trino"; }
  [[nodiscard]] contracts::Task<Result<contracts::ResultSet>> execute(
      contracts::QueryRequest request) override;
  [[nodiscard]] contracts::Task<Result<std::unique_ptr<contracts::RowStream>>> open(
      contracts::QueryRequest request) override;

 private:
  struct Run;
  contracts::Task<Result<contracts::ResultSet>> attempt(
      std::shared_ptr<const contracts::QueryRequest> request, Time until);
  class Rows;
  using RunPtr = std::shared_ptr<Run>;
  contracts::Task<Result<contracts::ResultSet>> follow(RunPtr kept);
  contracts::Task<Result<RunPtr>> begin(std::shared_ptr<const contracts::QueryRequest> request,
                                        Time until);
  contracts::Task<Result<TrinoPage>> first_page(RunPtr run);
  contracts::Task<Result<TrinoPage>> ask_first_page(RunPtr run);
  contracts::Task<Result<TrinoPage>> next_page(Run& run);
  Result<TrinoPage> taken(Run& run, Result<TrinoPage> page) const;
  contracts::Task<Result<TrinoPage>> fetch(Run& run, net::Method method, std::string url,
                                           std::string body);
  void cancel_later(Caller caller, std::string url);
  contracts::Task<void> cancel(Caller caller, std::string url);

  EngineConfig config_;
  Ports ports_;
  Door door_;
  degradation::Guard guard_;
};

}  // namespace loquat::engine
