#pragma once
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "loquat/net/http.hpp"

/// A peer that says exactly what it is told to, byte for byte.
namespace loquat::test {

template <class T>
using Task = boost::asio::awaitable<T>;
inline constexpr auto kTuple = boost::asio::as_tuple(boost::asio::use_awaitable);

class RawPeer {
 public:
  explicit RawPeer(boost::asio::any_io_executor executor) : socket_(std::move(executor)) {}

  Task<void> connect(std::uint16_t port) {
    const boost::asio::ip::tcp::endpoint endpoint(boost::asio::ip::address_v4::loopback(), port);
    co_await socket_.async_connect(endpoint, boost::asio::use_awaitable);
  }
  Task<void> send(std::string text) {
    const auto [ec, n] =
        co_await boost::asio::async_write(socket_, boost::asio::buffer(text), kTuple);
    static_cast<void>(ec), static_cast<void>(n);
  }
  /// Until `mark` has come; gives what stands before it. Empty once the server closed.
  Task<std::string> read_until(std::string_view mark) {
    for (;;) {
      const auto at = in_.find(mark);
      if (at != std::string::npos) {
        auto found = in_.substr(0, at);
        in_.erase(0, at + mark.size());
        co_return found;
      }
      const bool is_open = co_await fill();
      if (!is_open) co_return std::string();
    }
  }
  Task<std::string> read_exactly(std::size_t count) {
    while (in_.size() < count) {
      const bool is_open = co_await fill();
      if (!is_open) co_return std::string();
    }
    auto found = in_.substr(0, count);
    in_.erase(0, count);
    co_return found;
  }
  Task<std::string> read_all() {
    for (bool is_open = true; is_open;) is_open = co_await fill();
    co_return std::exchange(in_, {});
  }
  void cut() {
    boost::system::error_code ignored;
    socket_.close(ignored);
  }

  // ---- WebSocket

  struct Frame {
    unsigned opcode = 0;  ///< 0 once the server closed
    std::string payload;
  };
  Task<Frame> read_frame() {
    Frame frame;
    const auto head = co_await read_exactly(2);
    if (head.empty()) co_return frame;
    std::size_t size = static_cast<unsigned char>(head[1]) & 0x7FU;
    if (size >= 126) {
      const std::size_t bytes = size == 126 ? 2 : 8;
      const auto more = co_await read_exactly(bytes);
      size = 0;
      for (const char c : more) size = size << 8U | static_cast<unsigned char>(c);
    }
    frame.opcode = static_cast<unsigned char>(head[0]) & 0x0FU;
    if (size > 0) frame.payload = co_await read_exactly(size);
    co_return frame;
  }
  /// The next text frame; pings and pongs are passed over. Closed: empty, and `close_code` says
  /// why.
  Task<std::string> read_text() {
    for (;;) {
      auto frame = co_await read_frame();
      if (frame.opcode == 1) co_return std::move(frame.payload);
      if (frame.opcode == 8 && frame.payload.size() >= 2)
        close_code = static_cast<unsigned char>(frame.payload[0]) * 256 +
                     static_cast<unsigned char>(frame.payload[1]);
      if (frame.opcode == 8 || frame.opcode == 0) co_return std::string();
    }
  }
  Task<void> send_frame(unsigned opcode, std::string payload) {
    std::string out(1, static_cast<char>(0x80U | opcode));
    if (payload.size() < 126) {
      out += static_cast<char>(0x80U | payload.size());
    } else {
      out += static_cast<char>(0x80U | 126U);
      out += static_cast<char>(payload.size() >> 8U);
      out += static_cast<char>(payload.size() & 0xFFU);
    }
    out.append(4, '\0');  // a mask of zeros
    co_await send(out + payload);
  }
  /// Status line and headers of the answer to the handshake.
  Task<std::string> upgrade(std::string target, std::string headers = "") {
    co_await send("GET " + target +
                  " HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
                  headers + "\r\n");
    co_return co_await read_until("\r\n\r\n");
  }
  int close_code = 0;

 private:
  Task<bool> fill() {
    char bytes[8192];
    const auto [ec, n] = co_await socket_.async_read_some(boost::asio::buffer(bytes), kTuple);
    in_.append(bytes, n);
    co_return !ec;
  }
  boost::asio::ip::tcp::socket socket_;
  std::string in_;
};

}  // namespace loquat::test
