#pragma once
#include <boost/asio/ip/tcp.hpp>
#include <memory>

#include "loquat/net/client.hpp"
#include "loquat/net/http.hpp"
#include "timing.hpp"

namespace loquat::net {

/// Cancels a socket's operations when one of two deadlines passes. One lazy timer serves both: it
/// is set anew only when it would fire too late, so a deadline costs nothing on a busy connection.
class Watchdog : public std::enable_shared_from_this<Watchdog> {
 public:
  explicit Watchdog(boost::asio::ip::tcp::socket socket);
  boost::asio::ip::tcp::socket socket;
  Time read_deadline = Time::max(), write_deadline = Time::max();
  bool has_timed_out = false;  ///< set by the dog, cleared by who starts the next operation
  void guard();
  /// Until the peer closes; see Stream::wait_hangup.
  [[nodiscard]] Task<void> wait_hangup();
  /// Open, and the peer has neither sent anything nor closed.
  [[nodiscard]] bool is_quiet() noexcept;
  void close() noexcept;

 private:
  Timer timer_;
  Time armed_until_ = Time::max();
};

class TcpStream final : public Stream {
 public:
  explicit TcpStream(std::shared_ptr<Watchdog> dog) : dog_(std::move(dog)) {}
  ~TcpStream() override { dog_->close(); }
  Task<Result<std::size_t>> read_some(char* to, std::size_t size, Time deadline) override;
  Task<Result<void>> write(std::string_view bytes, Time deadline) override;
  Result<std::size_t> try_write(std::string_view bytes) override;
  Task<Result<void>> wait_input(Time deadline) override;
  Task<void> wait_hangup() override { return dog_->wait_hangup(); }
  void close() noexcept override { dog_->close(); }
  void shutdown_send() noexcept override;
  std::string peer_ip() const override;

 private:
  std::shared_ptr<Watchdog> dog_;
};

/// Resolves and connects. Errors: unavailable, timed_out, cancelled; forbidden if `only_public` and
/// every address is somebody's own.
[[nodiscard]] Task<Result<std::shared_ptr<Watchdog>>> connect_tcp(
    boost::asio::any_io_executor executor, std::string host, std::string port, Time deadline,
    bool only_public = false);

/// An IPv4 peer of a socket that takes both kinds is told as IPv4, as settings and logs name it.
[[nodiscard]] std::string text_of(const boost::asio::ip::address& address);

[[nodiscard]] Error stream_error(const boost::system::error_code& ec, bool has_timed_out);

}  // namespace loquat::net
