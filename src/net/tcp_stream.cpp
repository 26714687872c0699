#include "tcp_stream.hpp"

#include <sys/socket.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/write.hpp>

namespace loquat::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

Watchdog::Watchdog(tcp::socket s) : socket(std::move(s)), timer_(socket.get_executor()) {}

void Watchdog::guard() {
  const auto next = std::min(read_deadline, write_deadline);
  if (next >= armed_until_) return;
  armed_until_ = next;
  timer_.expires_at(next);
  timer_.async_wait([self = shared_from_this()](const error_code& ec) {
    if (ec) return;
    self->armed_until_ = Time::max();
    if (std::min(self->read_deadline, self->write_deadline) > Clock::now()) return self->guard();
    self->has_timed_out = true;
    error_code ignored;
    self->socket.cancel(ignored);
  });
}

void Watchdog::close() noexcept {
  error_code ignored;
  socket.close(ignored);
  read_deadline = write_deadline = armed_until_ = Time::max();
  try {
    timer_.cancel();
  } catch (const boost::system::system_error&) {
    // Then the timer runs out by itself; it finds a closed socket.
  }
}

Task<void> Stream::wait_hangup() {
  Timer never(co_await asio::this_coro::executor, Time::max());
  co_await never.async_wait(kTuple);
}

Task<void> Watchdog::wait_hangup() {
  const auto self = shared_from_this();
  const auto [ec] = co_await socket.async_wait(tcp::socket::wait_read, kTuple);
  if (ec) co_return;
  char byte = 0;
  const auto got = ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK)) co_return;
  // The next request is there already: now only a write can tell.
  Timer never(socket.get_executor(), Time::max());
  co_await never.async_wait(kTuple);
}

bool Watchdog::is_quiet() noexcept {
  if (!socket.is_open()) return false;
  char byte = 0;
  const auto got = ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

Error stream_error(const error_code& ec, bool has_timed_out) {
  if (has_timed_out) return fail(Errc::timed_out, "the peer took too long");
  if (ec == asio::error::operation_aborted)
    return fail(Errc::cancelled, "the connection was given up");
  return fail(Errc::io, ec.message());
}

Task<Result<std::size_t>> TcpStream::read_some(char* to, std::size_t size, Time deadline) {
  const auto dog = dog_;  // the stream may go while its operation ends
  dog->has_timed_out = false;
  dog->read_deadline = deadline;
  dog->guard();
  const auto [ec, count] = co_await dog->socket.async_read_some(asio::buffer(to, size), kTuple);
  dog->read_deadline = Time::max();
  if (ec == asio::error::eof) co_return std::size_t{0};
  if (ec) co_return stream_error(ec, dog->has_timed_out);
  co_return count;
}

Task<Result<void>> TcpStream::write(std::string_view bytes, Time deadline) {
  const auto dog = dog_;
  dog->has_timed_out = false;
  dog->write_deadline = deadline;
  dog->guard();
  const auto [ec, count] =
      co_await asio::async_write(dog->socket, asio::buffer(bytes.data(), bytes.size()), kTuple);
  dog->write_deadline = Time::max();
  if (ec) co_return stream_error(ec, dog->has_timed_out);
  co_return Result<void>();
}

Result<std::size_t> TcpStream::try_write(std::string_view bytes) {
  const auto sent =
      ::send(dog_->socket.native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent >= 0) return static_cast<std::size_t>(sent);
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return std::size_t{0};
  return fail(Errc::io, "the peer is gone");
}

Task<Result<void>> TcpStream::wait_input(Time deadline) {
  const auto dog = dog_;
  dog->has_timed_out = false;
  dog->read_deadline = deadline;
  dog->guard();
  const auto [ec] = co_await dog->socket.async_wait(tcp::socket::wait_read, kTuple);
  dog->read_deadline = Time::max();
  if (ec) co_return stream_error(ec, dog->has_timed_out);
  co_return Result<void>();
}

void TcpStream::shutdown_send() noexcept {
  error_code ignored;
  dog_->socket.shutdown(tcp::socket::shutdown_send, ignored);
}

std::string TcpStream::peer_ip() const {
  error_code ec;
  const auto endpoint = dog_->socket.remote_endpoint(ec);
  return ec ? std::string() : text_of(endpoint.address());
}

Task<Result<std::shared_ptr<Watchdog>>> connect_tcp(asio::any_io_executor executor,
                                                    std::string host, std::string port,
                                                    Time deadline, bool only_public) {
  // Resolving knows no deadline of its own: a timer that outlives this frame cancels it.
  const auto resolver = std::make_shared<tcp::resolver>(executor);
  const auto timer = std::make_shared<Timer>(executor, deadline);
  const auto is_late = std::make_shared<bool>(false);
  timer->async_wait([resolver, is_late](const error_code& ec) {
    if (ec) return;
    *is_late = true;
    resolver->cancel();
  });
  const auto [resolve_error, endpoints] = co_await resolver->async_resolve(host, port, kTuple);
  timer->cancel();
  if (resolve_error) {
    if (*is_late) co_return fail(Errc::timed_out, "the name was not resolved in time");
    if (resolve_error == asio::error::operation_aborted)
      co_return fail(Errc::cancelled, "the connection was given up");
    co_return fail(Errc::unavailable, host + ": " + resolve_error.message());
  }
  const auto dog = std::make_shared<Watchdog>(tcp::socket(executor));
  error_code last = asio::error::host_not_found;
  const auto rule = only_public ? AddressRule::public_only : AddressRule::configured;
  bool is_refused = true;
  for (const auto& candidate : endpoints) {
    const tcp::endpoint endpoint = candidate.endpoint();
    // Checked on the address that is connected to: a name may be resolved differently next time.
    if (!may_connect(endpoint.address().to_string(), rule)) continue;
    is_refused = false;
    error_code ignored;
    dog->socket.close(ignored);
    dog->socket.open(endpoint.protocol(), last);
    if (last) continue;
    dog->has_timed_out = false;
    dog->write_deadline = deadline;
    dog->guard();
    const auto [ec] = co_await dog->socket.async_connect(endpoint, kTuple);
    dog->write_deadline = Time::max();
    if (!ec) {
      dog->socket.set_option(tcp::no_delay(true), ignored);
      co_return dog;
    }
    if (dog->has_timed_out) co_return fail(Errc::timed_out, host + ": no connection in time");
    if (ec == asio::error::operation_aborted)
      co_return fail(Errc::cancelled, "the connection was given up");
    last = ec;
  }
  if (is_refused) co_return fail(Errc::forbidden, host + ": its address is not a public one");
  co_return fail(Errc::unavailable, host + ":" + port + ": " + last.message());
}

}  // namespace loquat::net
