#include "fetch.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace loquat::dbt {
namespace {

Result<std::string> read_file(const std::string& artifact, const std::string& path,
                              std::uint64_t bytes_max) {
  std::error_code code;
  const auto size = std::filesystem::file_size(path, code);
  if (code) return fail(Errc::io, artifact + ": " + path + ": " + code.message());
  if (size > bytes_max)
    return fail(Errc::payload_too_large, artifact + ": " + path + " has " + std::to_string(size) +
                                             " bytes; allowed are " + std::to_string(bytes_max) +
                                             ".");
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  if (!file) return fail(Errc::io, artifact + ": " + path + ": " + std::strerror(errno));
  return std::move(text).str();
}

}  // namespace

Result<void> Fetcher::check_url(const std::string& artifact, const std::string& url) const {
  const auto refuse = [&](const std::string& why) {
    return Error{
        Errc::invalid_request, "The URL is not allowed.", {{"/" + artifact + "_url", why}}};
  };
  const auto parsed = net::parse_url(url);
  if (!parsed) return refuse("must be an http or https URL");
  const std::string with_port = parsed->host + ":" + parsed->port;
  const bool is_allowed = std::ranges::any_of(config_.allowed_hosts, [&](const auto& host) {
    return host == parsed->host || host == with_port;
  });
  if (!is_allowed) return refuse("its host must stand in dbt.allowed_hosts");
  return {};
}

contracts::Task<Result<std::string>> Fetcher::fetch_url(std::string artifact, std::string url) {
  if (auto allowed = check_url(artifact, url); !allowed) co_return allowed.error();
  net::ClientRequest request;
  request.url = url;
  request.deadline = Clock::now() + config_.fetch_timeout;
  request.max_body_bytes = static_cast<std::size_t>(config_.artifact_max_bytes);
  auto response = co_await client_.send(std::move(request));
  if (!response) co_return fail(response.error().code, artifact + ": " + response.error().detail);
  if (response->status != 200)
    co_return fail(Errc::unavailable,
                   artifact + ": the server answered " + std::to_string(response->status) + ".");
  co_return std::move(response->body);
}

contracts::Task<Result<std::string>> Fetcher::fetch_one(std::string artifact, std::string path,
                                                        std::optional<std::string> url) {
  if (url) co_return co_await fetch_url(std::move(artifact), std::move(*url));
  if (path.empty()) co_return std::string();
  auto work = [artifact, path, bytes_max = config_.artifact_max_bytes] {
    return read_file(artifact, path, bytes_max);
  };
  co_return co_await workers_.run(std::move(work));
}

contracts::Task<Result<contracts::StoredArtifacts>> Fetcher::fetch(SyncRequest request,
                                                                   WallTime now) {
  struct Part {
    std::string name, path;
    std::optional<std::string> url;
  };
  const std::vector<Part> parts{
      {"manifest", config_.manifest_path, request.manifest_url},
      {"semantic_manifest", config_.semantic_manifest_path, request.semantic_manifest_url},
      {"catalog", config_.catalog_path, request.catalog_url},
      {"run_results", config_.run_results_path, {}},
      {"sources", config_.sources_path, {}}};
  contracts::StoredArtifacts out;
  out.fetched_at = now;
  for (const auto& part : parts) {
    // A manifest by URL belongs to other files than the configured ones: these are not mixed.
    const bool is_mixed = request.manifest_url.has_value() && !part.url;
    if (is_mixed) continue;
    auto text = co_await fetch_one(part.name, part.path, part.url);
    if (!text) co_return text.error();
    if (!text->empty()) out.texts[part.name] = std::move(*text);
  }
  if (!out.texts.contains("manifest"))
    co_return fail(Errc::invalid_request,
                   "manifest: neither dbt.manifest_path nor a manifest_url is given.");
  co_return out;
}

}  // namespace loquat::dbt
