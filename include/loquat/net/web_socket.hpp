#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "loquat/net/http.hpp"

/// The WebSocket protocol (RFC 6455) without I/O, server side, version 13, no extensions.
namespace loquat::net {

enum class WsOpcode : unsigned char {
  continuation = 0x0,
  text = 0x1,
  binary = 0x2,
  close = 0x8,
  ping = 0x9,
  pong = 0xA,
};

/// Why `request` is no WebSocket handshake; empty if it is one.
[[nodiscard]] std::string_view why_no_handshake(const Request& request);
/// The 101 with its key, and the chosen subprotocol if any. The caller sets `upgrade`.
[[nodiscard]] Response accept_handshake(const Request& request, std::string_view subprotocol);

/// Appends one unmasked frame, final.
void append_frame(std::string& out, WsOpcode opcode, std::string_view payload);
/// A close frame; the reason is cut to what a control frame holds.
[[nodiscard]] std::string close_frame(std::uint16_t code, std::string_view reason);

/// Reads what clients send.
class WsReader {
 public:
  explicit WsReader(std::size_t message_bytes_max) : message_bytes_max_(message_bytes_max) {}
  enum class Kind { need_more, message, ping, pong, close, failed };
  struct Event {
    Kind kind = Kind::need_more;
    WsOpcode opcode = WsOpcode::text;  ///< of a message
    std::string payload;               ///< of a message, ping or pong; a close's reason
    std::uint16_t code =
        0;  ///< close: the peer's code (1005 if none); failed: the code to close with
  };
  void feed(std::string_view bytes) { buffer_.append(bytes); }
  /// The next thing that is whole. After `close` or `failed` there is no more.
  [[nodiscard]] Event next();

 private:
  struct Frame {
    bool is_final = false;
    WsOpcode opcode = WsOpcode::text;
    std::size_t head = 0, length = 0;
    unsigned char mask[4] = {};
  };
  Event fail(std::uint16_t code);
  /// False: more bytes are needed. Sets `code` on an error.
  bool read_head(Frame& frame, std::uint16_t& code) const;
  Event take_control(const Frame& frame, std::string payload);
  std::size_t message_bytes_max_;
  std::string buffer_, message_;
  WsOpcode message_opcode_ = WsOpcode::text;
  bool in_message_ = false, has_ended_ = false;
};

}  // namespace loquat::net
