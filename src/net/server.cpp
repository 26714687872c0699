#include "loquat/net/server.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <list>
#include <optional>
#include <unordered_map>

#include "connection.hpp"

namespace loquat::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

struct Server::State : std::enable_shared_from_this<Server::State> {
  State(asio::any_io_executor ex, HttpConfig c, Handler h, RefusalBody r)
      : executor(ex), acceptor(ex), pause(ex), site{std::move(c), std::move(h), std::move(r),
                                                    Event(ex),    {},           {}} {}
  asio::any_io_executor executor;
  tcp::acceptor acceptor;
  Timer pause;
  Site site;
  std::list<std::shared_ptr<Connection>> connections;
  ServerStats stats;
  std::unordered_map<std::string, int> per_address;

  /// Counts one more of an address; nothing if it has as many as it may. Empty: it is not counted.
  std::optional<std::string> take_place(const tcp::socket& socket);
  void give_place_back(const std::string& address);
  Task<void> accept_loop();
  void admit(tcp::socket socket, std::string address);
  void refuse(tcp::socket socket);
  void cut() noexcept;
};

Task<void> Server::State::accept_loop() {
  const auto self = shared_from_this();
  while (acceptor.is_open()) {
    tcp::socket socket(executor);
    const auto [ec] = co_await acceptor.async_accept(socket, kTuple);
    if (!acceptor.is_open() || ec == asio::error::operation_aborted) break;
    if (ec) {  // out of descriptors: those in use must go first, so wait a little
      pause.expires_after(std::chrono::milliseconds(50));
      co_await pause.async_wait(kTuple);
      continue;
    }
    const bool is_full =
        connections.size() >= static_cast<std::size_t>(site.config.max_connections);
    auto address = is_full ? std::nullopt : take_place(socket);
    if (address)
      admit(std::move(socket), std::move(*address));
    else
      refuse(std::move(socket));
  }
}

std::optional<std::string> Server::State::take_place(const tcp::socket& socket) {
  error_code ignored;
  auto peer = text_of(socket.remote_endpoint(ignored).address());
  const auto& trusted = site.config.trusted_proxies;
  if (std::ranges::find(trusted, peer) != trusted.end()) return std::string();
  peer = network_of(peer);
  auto& count = per_address[peer];
  if (count >= site.config.max_connections_per_address) return std::nullopt;
  ++count;
  return peer;
}
void Server::State::give_place_back(const std::string& address) {
  const auto place = per_address.find(address);
  if (place != per_address.end() && --place->second == 0) per_address.erase(place);
}

void Server::State::admit(tcp::socket socket, std::string address) {
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  auto connection =
      std::make_shared<Connection>(site, std::make_shared<Watchdog>(std::move(socket)));
  connections.push_back(connection);
  const auto place = std::prev(connections.end());
  ++stats.connections_total;
  stats.connections_now = connections.size();
  asio::co_spawn(executor, connection->serve(),
                 [self = shared_from_this(), connection, place,
                  address = std::move(address)](const std::exception_ptr&) {
                   connection->close();
                   self->connections.erase(place);
                   self->give_place_back(address);
                   self->stats.connections_now = self->connections.size();
                   self->stats.requests_total += connection->requests();
                 });
}

/// Says why, if the socket's buffer takes it at once; a refused peer gets no coroutine.
void Server::State::refuse(tcp::socket socket) {
  ++stats.connections_refused;
  if (site.tls) return;  // there is no handshake to say it in
  auto response = site.refuse(503, "too many connections");
  response.headers.set("Retry-After", "1");
  const auto text = serialize(response, {.keep_alive = false, .date = site.date.now()});
  error_code ignored;
  socket.non_blocking(true, ignored);
  socket.send(asio::buffer(text), 0, ignored);
  socket.shutdown(tcp::socket::shutdown_send, ignored);
}

void Server::State::cut() noexcept {
  error_code ignored;
  acceptor.close(ignored);
  site.is_cut = true;
  for (const auto& connection : connections) connection->close();
}

Server::Server(asio::any_io_executor executor, HttpConfig config, Handler handler,
               RefusalBody refusal)
    : state_(std::make_shared<State>(std::move(executor), std::move(config), std::move(handler),
                                     std::move(refusal))) {}
Server::~Server() { state_->cut(); }

Result<std::uint16_t> Server::start() {
  auto& s = *state_;
  const auto& config = s.site.config;
  const auto place = config.host + ":" + std::to_string(config.port);
  if (!config.tls_certificate.empty()) {
    const auto loaded = reload_certificate();
    if (!loaded) return loaded.error();
  }
  error_code ec;
  const auto address =
      asio::ip::make_address(config.host == "localhost" ? "127.0.0.1" : config.host, ec);
  if (ec) return fail(Errc::io, "http.host is no address: " + config.host);
  const tcp::endpoint endpoint(address, static_cast<std::uint16_t>(config.port));
  s.acceptor.open(endpoint.protocol(), ec);
  if (!ec) s.acceptor.set_option(tcp::acceptor::reuse_address(true), ec);
  if (!ec) s.acceptor.bind(endpoint, ec);
  if (!ec) s.acceptor.listen(asio::socket_base::max_listen_connections, ec);
  if (ec) return fail(Errc::io, "cannot listen on " + place + ": " + ec.message());
  asio::co_spawn(s.executor, s.accept_loop(), [keep = state_](const std::exception_ptr&) {});
  return port();
}

Result<void> Server::reload_certificate() {
  auto& site = state_->site;
  auto made = make_server_context(site.config.tls_certificate, site.config.tls_key);
  if (!made) return made.error();
  site.tls = std::move(*made);
  return {};
}

std::uint16_t Server::port() const noexcept {
  error_code ec;
  const auto endpoint = state_->acceptor.local_endpoint(ec);
  return ec ? std::uint16_t{0} : endpoint.port();
}

bool Server::is_draining() const noexcept { return state_->site.draining.is_set(); }
ServerStats Server::stats() const noexcept {
  auto stats = state_->stats;
  stats.requests_refused = state_->site.refused;
  return stats;
}

Task<void> Server::drain(Time deadline) {
  const auto s = state_;
  error_code ignored;
  s->acceptor.close(ignored);
  s->site.draining.set();
  for (const auto& connection : s->connections) connection->close_if_idle();
  Timer timer(s->executor);
  while (!s->connections.empty() && Clock::now() < deadline) {
    timer.expires_at(std::min(deadline, Clock::now() + std::chrono::milliseconds(5)));
    co_await timer.async_wait(kTuple);
  }
  s->cut();
  // Their coroutines see the end when they run next: let them, so that none outlives its handler.
  const auto last = Clock::now() + std::chrono::milliseconds(500);
  while (!s->connections.empty() && Clock::now() < last) {
    timer.expires_after(std::chrono::milliseconds(1));
    co_await timer.async_wait(kTuple);
  }
}

}  // namespace loquat::net
