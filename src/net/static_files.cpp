#include "loquat/net/static_files.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace loquat::net {
namespace {

namespace fs = std::filesystem;
constexpr std::uintmax_t kFileBytesMax = 16U << 20U;

std::string_view type_of(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 14> kTypes{{
      {".html", "text/html; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".mjs", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".json", "application/json"},
      {".map", "application/json"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".ico", "image/x-icon"},
      {".webp", "image/webp"},
      {".woff2", "font/woff2"},
      {".txt", "text/plain; charset=utf-8"},
      {".webmanifest", "application/manifest+json"},
      {".wasm", "application/wasm"},
  }};
  for (const auto& [ending, type] : kTypes)
    if (name.ends_with(ending)) return type;
  return "application/octet-stream";
}

/// `app.3f9a1c2b.js` or `app-3F9A1C2B.js`: eight or more letters and digits before the ending, with
/// a digit among them.
bool has_content_hash(const fs::path& path) {
  const auto stem = path.stem().string();
  const auto mark = stem.find_last_of(".-");
  if (mark == std::string::npos) return false;
  const std::string_view hash = std::string_view(stem).substr(mark + 1);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return hash.size() >= 8 && std::ranges::any_of(hash, is_digit) &&
         std::ranges::all_of(hash, [&](char c) { return is_digit(c) || is_letter(c); });
}

}  // namespace

void add_page_headers(Response& response) {
  auto& headers = response.headers;
  headers.set("Content-Security-Policy",
              "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src "
              "'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action "
              "'none'; frame-ancestors 'none'");
  headers.set("X-Content-Type-Options", "nosniff");
  headers.set("X-Frame-Options", "DENY");
  headers.set("Referrer-Policy", "no-referrer");
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Cross-Origin-Resource-Policy", "same-origin");
  headers.set("Permissions-Policy", "camera=(), geolocation=(), microphone=()");
}

void add_transport_security(Response& response) {
  response.headers.set("Strict-Transport-Security", "max-age=31536000");
}

Result<StaticFiles> StaticFiles::load(const std::string& folder) {
  StaticFiles files;
  std::error_code ec;
  fs::recursive_directory_iterator it(folder, ec);
  if (ec) return fail(Errc::io, "cannot read the folder " + folder + ": " + ec.message());
  for (; it != fs::recursive_directory_iterator(); it.increment(ec)) {
    if (ec) return fail(Errc::io, "cannot read the folder " + folder + ": " + ec.message());
    const auto& entry = *it;
    const auto name = entry.path().filename().string();
    if (name.starts_with('.')) {
      it.disable_recursion_pending();
      continue;
    }
    if (entry.is_symlink(ec) || !entry.is_regular_file(ec) || entry.file_size(ec) > kFileBytesMax)
      continue;
    std::ifstream in(entry.path(), std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    if (!in.good() && !in.eof()) return fail(Errc::io, "cannot read " + entry.path().string());
    File file;
    file.type = type_of(name);
    file.etag = entity_tag(bytes);
    file.is_hashed = has_content_hash(entry.path());
    file.bytes = std::make_shared<const std::string>(std::move(bytes));
    files.files_.emplace("/" + fs::relative(entry.path(), folder).generic_string(),
                         std::move(file));
  }
  return files;
}

bool StaticFiles::has(std::string_view path) const {
  return files_.contains(path == "/" ? std::string_view("/index.html") : path);
}

Response StaticFiles::serve(const Request& request) const {
  const auto path = percent_decode(request.path, false);
  const auto found =
      !path ? files_.end()
            : files_.find(*path == "/" ? std::string_view("/index.html") : std::string_view(*path));
  Response response;
  add_page_headers(response);
  if (request.is_secure) add_transport_security(response);
  if (found == files_.end()) {
    response.status = 404;
    return response;
  }
  if (request.method != Method::get && request.method != Method::head) {
    response.status = 405;
    response.headers.set("Allow", "GET, HEAD");
    return response;
  }
  const auto& file = found->second;
  response.headers.set("ETag", file.etag);
  response.headers.set("Cache-Control",
                       file.is_hashed ? "public, max-age=31536000, immutable" : "no-cache");
  if (is_known_tag(request.header("If-None-Match"), file.etag)) {
    response.status = 304;
    return response;
  }
  response.headers.set("Content-Type", file.type);
  response.shared_body = file.bytes;
  return response;
}

}  // namespace loquat::net
