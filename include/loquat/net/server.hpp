#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "loquat/net/config.hpp"
#include "loquat/net/router.hpp"

namespace loquat::net {

/// What the server refuses by itself, before any handler: 400, 408, 413, 414, 431, 501, 503, 505.
using RefusalBody = std::function<Response(int status, std::string_view why)>;

struct ServerStats {
  std::uint64_t connections_now = 0, connections_total = 0, connections_refused = 0,
                requests_refused = 0;
  std::uint64_t requests_total = 0;
};

/// The HTTP/1.1 server: keep-alive, pipelining in order, limits on head, body, time and number.
/// One coroutine a connection, all on the loop.
class Server {
 public:
  /// `handler` answers every well-formed request; `refusal` may be empty.
  Server(boost::asio::any_io_executor executor, HttpConfig config, Handler handler,
         RefusalBody refusal = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Binds and accepts. Out: the port. Errors: io with the address.
  [[nodiscard]] Result<std::uint16_t> start();
  [[nodiscard]] std::uint16_t port() const noexcept;
  /// Reads certificate and key again; connections made from now on see them. Errors: io; the old
  /// ones stay.
  [[nodiscard]] Result<void> reload_certificate();
  /// Stops accepting, closes idle connections, tells streams to end; returns when all connections
  /// are gone or at `deadline`, past which they are cut.
  [[nodiscard]] Task<void> drain(Time deadline);
  [[nodiscard]] bool is_draining() const noexcept;
  [[nodiscard]] ServerStats stats() const noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace loquat::net
