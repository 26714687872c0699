#include "peer.hpp"

#include "loquat/base/utf8.hpp"
#include "loquat/contracts/peer_headers.hpp"

namespace loquat::engine {

std::string join_url(std::string_view base, std::string_view path) {
  while (base.ends_with('/')) base.remove_suffix(1);
  return std::string(base) + std::string(path);
}

Result<std::string> on_same_host(std::string_view base, std::string_view url) {
  if (url.starts_with('/')) return join_url(base, url);
  const auto own = net::parse_url(base);
  const auto named = net::parse_url(url);
  if (!own || !named) return fail(Errc::corrupt, "The query engine named a place that is none.");
  std::string out = own->is_https ? "https://" : "http://";
  const bool is_v6 = own->host.find(':') != std::string::npos;
  out += is_v6 ? "[" + own->host + "]" : own->host;
  return out + ":" + own->port + named->target;
}

net::ClientRequest make_request(net::Method method, std::string url, const Caller& caller,
                                const Secret& token, Time deadline) {
  net::ClientRequest out;
  out.method = method;
  out.url = std::move(url);
  out.deadline = deadline;
  for (auto& [name, value] :
       contracts::peer_headers(caller.principal, caller.context, token, deadline, Clock::now()))
    out.headers.set(name, std::move(value));
  return out;
}

std::string shown_message(std::string_view text, std::string_view otherwise) {
  text = text.substr(0, text.find('\n'));
  if (text.empty() || text.find_first_of("/\\") != text.npos) return std::string(otherwise);
  return std::string(clip_utf8(text, 300));
}

}  // namespace loquat::engine
