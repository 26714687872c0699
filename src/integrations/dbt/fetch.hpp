#pragma once
#include <map>
#include <string>

#include "loquat/contracts/stores.hpp"
#include "loquat/dbt/config.hpp"
#include "loquat/net/client.hpp"
#include "loquat/runtime/runtime.hpp"
#include "messages.hpp"

namespace loquat::dbt {

/// Reads the artifacts' texts from files (on the worker pool) or by URL. The manifest must be
/// there; what else is configured must be readable too. Errors name the artifact and the place: io
/// (file), invalid_request (URL not allowed), unavailable, payload_too_large.
class Fetcher {
 public:
  Fetcher(const DbtConfig& config, runtime::WorkerPool& workers, net::Client& client)
      : config_(config), workers_(workers), client_(client) {}
  [[nodiscard]] contracts::Task<Result<contracts::StoredArtifacts>> fetch(SyncRequest request,
                                                                          WallTime now);

 private:
  contracts::Task<Result<std::string>> fetch_one(std::string artifact, std::string path,
                                                 std::optional<std::string> url);
  contracts::Task<Result<std::string>> fetch_url(std::string artifact, std::string url);
  [[nodiscard]] Result<void> check_url(const std::string& artifact, const std::string& url) const;
  const DbtConfig& config_;
  runtime::WorkerPool& workers_;
  net::Client& client_;
};

}  // namespace loquat::dbt
