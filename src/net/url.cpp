#include <algorithm>

#include "loquat/net/client.hpp"

namespace loquat::net {
namespace {

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; }) &&
         std::stoi(std::string(text)) <= 65535;
}

}  // namespace

Result<Url> parse_url(std::string_view text) {
  Url url;
  const auto refuse = [&](std::string_view why) {
    return fail(Errc::invalid_request, "not a URL that can be called: " + std::string(why));
  };
  // What could split a request line or hide bytes never gets into one.
  for (const char c : text)
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) return refuse("blank or control byte");
  if (text.starts_with("https://")) {
    url.is_https = true;
    text.remove_prefix(8);
  } else if (text.starts_with("http://")) {
    text.remove_prefix(7);
  } else {
    return refuse("it must start with http:// or https://");
  }
  text = text.substr(0, text.find('#'));
  const auto end = text.find_first_of("/?");
  auto authority = text.substr(0, end);
  auto target = end == std::string_view::npos ? std::string_view("/") : text.substr(end);
  if (authority.find('@') != std::string_view::npos) return refuse("user info is not taken");
  url.port = url.is_https ? "443" : "80";
  if (authority.starts_with('[')) {
    const auto close = authority.find(']');
    if (close == std::string_view::npos) return refuse("bracket");
    url.host = authority.substr(1, close - 1);
    authority.remove_prefix(close + 1);
    if (authority.starts_with(':')) url.port = authority.substr(1);
  } else {
    const auto colon = authority.find(':');
    url.host = authority.substr(0, colon);
    if (colon != std::string_view::npos) url.port = authority.substr(colon + 1);
  }
  if (url.host.empty()) return refuse("no host");
  if (!is_port(url.port)) return refuse("port");
  url.target = target.starts_with('/') ? std::string(target) : "/" + std::string(target);
  return url;
}

}  // namespace loquat::net
