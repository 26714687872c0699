#pragma once
#include <optional>
#include <string>
#include <vector>

#include "loquat/contracts/semantic_model.hpp"
#include "loquat/contracts/stores.hpp"
#include "loquat/dbt/config.hpp"
#include "loquat/net/client.hpp"
#include "loquat/runtime/runtime.hpp"
#include "messages.hpp"

namespace loquat::dbt {

/// What was fetched: trimmed texts, and what was left out for being broken or away.
struct Fetched {
  contracts::StoredArtifacts artifacts;
  std::vector<contracts::ImportProblem> problems;
};

/// Reads artifacts from files (on the worker pool) or by http(s), keeping only what the reader
/// wants. A manifest or a semantic manifest must be there, and each that is named must be whole;
/// catalog, run_results and sources are reported and left out if they are not.
/// Errors name the artifact and the place: io (file), invalid_request (URL not allowed), forbidden
/// (redirect), unavailable, timed_out, payload_too_large, corrupt.
class Fetcher {
 public:
  Fetcher(const DbtConfig& config, runtime::WorkerPool& workers, net::Client& client)
      : config_(config), workers_(workers), client_(client) {}
  [[nodiscard]] contracts::Task<Result<Fetched>> fetch(SyncRequest request, WallTime now);
  /// Tells one state of the configured files from another: times, sizes and identities. Empty if
  /// there is no file to watch.
  [[nodiscard]] contracts::Task<std::string> fingerprint_of_files();
  /// Whether anything is configured that can be read without being told where.
  [[nodiscard]] bool is_configured() const;

 private:
  contracts::Task<Result<std::string>> fetch_one(std::string artifact, std::string place);
  contracts::Task<Result<std::string>> fetch_url(std::string artifact, std::string url);
  [[nodiscard]] bool is_allowed(const net::Url& url) const;
  const DbtConfig& config_;
  runtime::WorkerPool& workers_;
  net::Client& client_;
};

/// http:// or https://, in any case.
[[nodiscard]] bool is_url(std::string_view place);
/// Where a redirect's Location leads from `url`; empty if nowhere that may be followed: not
/// http(s), or from https to http.
[[nodiscard]] std::string redirected(const std::string& url, std::string_view location);

}  // namespace loquat::dbt
