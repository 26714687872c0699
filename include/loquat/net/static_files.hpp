#pragma once
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "loquat/net/http.hpp"

namespace loquat::net {

/// The files of one folder, read into memory once at start: nothing outside it can ever be named.
/// Names with a content hash (`app.3f9a1c2b.js`) are cached for a year; others are revalidated.
class StaticFiles {
 public:
  /// Errors: io. Files over 16 MiB and hidden ones are left out; links out of the folder are not
  /// followed.
  [[nodiscard]] static Result<StaticFiles> load(const std::string& folder);
  /// GET or HEAD; `/` is `index.html`. 404 without a body if there is no such file.
  [[nodiscard]] Response serve(const Request& request) const;
  [[nodiscard]] bool has(std::string_view path) const;

 private:
  struct File {
    std::shared_ptr<const std::string> bytes;
    std::string type, etag;
    bool is_hashed = false;
  };
  std::map<std::string, File, std::less<>> files_;
};

/// Headers for everything a browser may show: strict CSP, nosniff, no framing, no referrer.
void add_page_headers(Response& response);
/// With what was asked over https: ask so for a year.
void add_transport_security(Response& response);

}  // namespace loquat::net
