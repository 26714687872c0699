#include "peer.hpp"

#include "loquat/contracts/peer_headers.hpp"

namespace loquat::platform {

contracts::Task<Result<std::string>> send(net::Client& client, std::shared_ptr<const PeerCall> call,
                                          Time deadline) {
  net::ClientRequest request;
  request.method = call->method;
  std::string_view base = call->base;
  while (base.ends_with('/')) base.remove_suffix(1);
  request.url = std::string(base) + call->path;
  for (auto& [name, value] :
       contracts::peer_headers(call->principal, call->context, call->token, deadline, Clock::now()))
    request.headers.set(name, std::move(value));
  if (!call->body.empty()) request.headers.set("Content-Type", "application/json");
  request.body = call->body;
  request.deadline = deadline;
  auto answer = co_await client.send(std::move(request));
  if (!answer) co_return answer.error();
  const int status = answer->status;
  if (status >= 200 && status < 300) co_return std::move(answer->body);
  std::string detail = std::string(call->service) + " answered " + std::to_string(status) + ".";
  if (status == 404) co_return fail(Errc::not_found, std::move(detail));
  if (status == 429) co_return fail(Errc::overloaded, std::move(detail));
  if (status >= 500 || status == 401 || status == 403)
    co_return fail(Errc::unavailable, std::move(detail));
  co_return fail(Errc::invalid_request, std::move(detail));
}

}  // namespace loquat::platform
