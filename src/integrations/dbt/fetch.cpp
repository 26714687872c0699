#include "fetch.hpp"

#include <sys/stat.h>

#include <algorithm>

#include "artifact_file.hpp"
#include "reader/wanted.hpp"

namespace loquat::dbt {
namespace {

constexpr int kRedirectsMax = 5;
/// Of an answer that is no JSON so much is taken, to learn its status, and then no more.
constexpr std::uint64_t kStrangeBytesMax = 1U << 20U;

struct Part {
  std::string name, place;
  bool is_needed;  ///< its failure fails the sync
};

bool starts_with_word(std::string_view text, std::string_view word) {
  if (text.size() < word.size()) return false;
  return std::equal(word.begin(), word.end(), text.begin(),
                    [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b + 32 : b); });
}

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

std::vector<Part> parts_of(const DbtConfig& config, const SyncRequest& request) {
  // A manifest by URL belongs to other files than the configured ones: these are not mixed.
  const bool only_named = request.manifest_url.has_value();
  const auto place = [&](const std::optional<std::string>& url, const std::string& configured) {
    return url ? *url : only_named ? std::string() : configured;
  };
  return {{"manifest", place(request.manifest_url, config.manifest_path), true},
          {"semantic_manifest", place(request.semantic_manifest_url, config.semantic_manifest_path),
           true},
          {"catalog", place(request.catalog_url, config.catalog_path), false},
          {"run_results", place(request.run_results_url, config.run_results_path), false},
          {"sources", place(request.sources_url, config.sources_path), false}};
}

std::string fingerprint(const std::vector<std::string>& paths) {
  std::string out;
  for (const auto& path : paths) {
    struct stat about{};
    if (::stat(path.c_str(), &about) != 0) {
      out += "-;";
      continue;
    }
    for (const std::int64_t part :
         {static_cast<std::int64_t>(about.st_mtim.tv_sec),
          static_cast<std::int64_t>(about.st_mtim.tv_nsec),
          static_cast<std::int64_t>(about.st_size), static_cast<std::int64_t>(about.st_ino)})
      out += std::to_string(part) + ",";
    out += ";";
  }
  return out;
}

}  // namespace

bool is_url(std::string_view place) {
  return starts_with_word(place, "http://") || starts_with_word(place, "https://");
}

std::string redirected(const std::string& url, std::string_view location) {
  const auto from = net::parse_url(url);
  if (!from || location.empty()) return {};
  const std::string_view base(url);
  const std::size_t authority = base.find("://") + 3;
  const std::string_view site = base.substr(0, base.find_first_of("/?#", authority));
  const std::string_view whole_path = base.substr(0, base.find_first_of("?#", authority));
  std::string to;
  if (is_url(location))
    to = location;
  else if (location.starts_with("//"))
    to = std::string(base.substr(0, authority - 2)) + std::string(location);
  else if (location.starts_with("/") || whole_path.size() == site.size())
    to = std::string(site) + (location.starts_with("/") ? "" : "/") + std::string(location);
  else
    to = std::string(whole_path.substr(0, whole_path.rfind('/') + 1)) + std::string(location);
  const auto parsed = net::parse_url(to);
  if (!parsed || (from->is_https && !parsed->is_https)) return {};
  return to;
}

bool Fetcher::is_allowed(const net::Url& url) const {
  const std::string with_port = url.host + ":" + url.port;
  return std::ranges::any_of(config_.allowed_hosts, [&](const auto& host) {
    return host == url.host || host == with_port;
  });
}

bool Fetcher::is_configured() const {
  return !config_.manifest_path.empty() || !config_.semantic_manifest_path.empty();
}

contracts::Task<Result<std::string>> Fetcher::fetch_url(std::string artifact, std::string url) {
  const auto first = net::parse_url(url);
  const std::string pointer = "/" + artifact + "_url";
  const char* wrong = !first                ? "must be an http or https URL"
                      : !is_allowed(*first) ? "its host must stand in dbt.allowed_hosts"
                                            : nullptr;
  if (wrong != nullptr)
    co_return Error{Errc::invalid_request,
                    artifact + ": the URL is not allowed: " + wrong + ".",
                    {{pointer, wrong}}};
  const Time deadline = Clock::now() + config_.fetch_timeout;
  for (int hop = 0; hop <= kRedirectsMax; ++hop) {
    const auto here = net::parse_url(url);
    // Only the host is ever told: a URL's query may hold a key.
    const std::string who = artifact + ": " + here->host + ": ";
    auto trimmer = std::make_shared<Trimmer>(wanted_of(artifact));
    net::ClientRequest request;
    request.url = url;
    request.deadline = deadline;
    request.max_body_bytes = static_cast<std::size_t>(config_.artifact_max_bytes);
    request.only_public = !is_allowed(*here);
    request.on_body = [trimmer](std::string_view piece) {
      return trimmer->feed(piece) || trimmer->bytes_taken() < kStrangeBytesMax;
    };
    auto response = co_await client_.send(std::move(request));
    if (!response) {
      const Error& error = response.error();
      if (error.code == Errc::cancelled && trimmer->has_failed())
        co_return fail(Errc::corrupt, who + trimmer->finish().error().detail);
      if (error.code == Errc::payload_too_large)
        co_return fail(error.code, who + "it has more than the allowed " +
                                       std::to_string(config_.artifact_max_bytes) +
                                       " bytes (dbt.artifact_max_bytes).");
      if (error.code == Errc::timed_out)
        co_return fail(error.code, who + "no answer within " +
                                       std::to_string(config_.fetch_timeout.count()) +
                                       " ms (dbt.fetch_timeout).");
      const bool names_host = error.detail.starts_with(here->host + ": ");
      co_return fail(error.code, (names_host ? artifact + ": " : who) + error.detail);
    }
    if (is_redirect(response->status)) {
      url = redirected(url, response->headers.get("Location"));
      if (url.empty()) co_return fail(Errc::forbidden, who + "redirects to where may not be gone.");
      continue;
    }
    if (response->status != 200)
      co_return fail(Errc::unavailable,
                     who + "the server answered " + std::to_string(response->status) + ".");
    if (const auto whole = trimmer->finish(); !whole)
      co_return fail(Errc::corrupt, who + whole.error().detail);
    co_return trimmer->take_text();
  }
  co_return fail(Errc::forbidden,
                 artifact + ": more than " + std::to_string(kRedirectsMax) + " redirects.");
}

contracts::Task<Result<std::string>> Fetcher::fetch_one(std::string artifact, std::string place) {
  if (is_url(place)) co_return co_await fetch_url(std::move(artifact), std::move(place));
  auto work = [artifact, place, bytes_max = config_.artifact_max_bytes] {
    return read_artifact_file(artifact, place, bytes_max);
  };
  co_return co_await workers_.run(std::move(work));
}

contracts::Task<Result<Fetched>> Fetcher::fetch(SyncRequest request, WallTime now) {
  // What is asked for by URL must be one: paths are the operator's to configure.
  const std::pair<const char*, const std::optional<std::string>*> urls[] = {
      {"manifest", &request.manifest_url},
      {"semantic_manifest", &request.semantic_manifest_url},
      {"catalog", &request.catalog_url},
      {"run_results", &request.run_results_url},
      {"sources", &request.sources_url}};
  for (const auto& [name, url] : urls)
    if (*url && !is_url(**url))
      co_return Error{Errc::invalid_request,
                      std::string(name) + ": must be an http or https URL.",
                      {{"/" + std::string(name) + "_url", "must be an http or https URL"}}};
  Fetched out;
  out.artifacts.fetched_at = now;
  for (const auto& part : parts_of(config_, request)) {
    if (part.place.empty()) continue;
    auto text = co_await fetch_one(part.name, part.place);
    if (text)
      out.artifacts.texts[part.name] = std::move(*text);
    else if (part.is_needed || text.error().code == Errc::invalid_request)
      co_return text.error();
    else
      out.problems.push_back({part.name, "", text.error().detail + " Left out."});
  }
  if (!out.artifacts.texts.contains("manifest") &&
      !out.artifacts.texts.contains("semantic_manifest"))
    co_return fail(Errc::invalid_request,
                   "manifest: neither dbt.manifest_path nor a manifest_url is given.");
  co_return out;
}

contracts::Task<std::string> Fetcher::fingerprint_of_files() {
  std::vector<std::string> paths;
  const SyncRequest configured;
  for (const auto& part : parts_of(config_, configured))
    if (!part.place.empty() && !is_url(part.place)) paths.push_back(part.place);
  if (paths.empty()) co_return std::string();
  auto work = [paths = std::move(paths)] { return fingerprint(paths); };
  auto seen = co_await workers_.run(std::move(work));
  co_return seen ? std::move(*seen) : std::string();
}

}  // namespace loquat::dbt
