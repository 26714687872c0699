#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "loquat/net/http.hpp"

/// The WebSocket protocol (RFC 6455) without I/O, server side, version 13, with permessage-deflate
/// (RFC 7692) where both sides want it. Compression never carries state from one message to the
/// next: a connection holds no window while it is idle, and one compressed message serves every
/// reader.
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
/// What permessage-deflate was agreed on: the window of each side, 9 (or 8, the client's) to 15.
struct WsDeflate {
  int server_bits = 15, client_bits = 15;
  std::string response;  ///< for Sec-WebSocket-Extensions
};
/// The first offer of `Sec-WebSocket-Extensions` that can be taken; nothing if there is none.
/// `window_bits` (9..15): the largest window we want to keep for a client's message.
[[nodiscard]] std::optional<WsDeflate> choose_deflate(const Headers& headers, int window_bits);

/// The 101 with its key, and the chosen subprotocol if any. The caller sets `upgrade`.
[[nodiscard]] Response accept_handshake(const Request& request, std::string_view subprotocol,
                                        const std::optional<WsDeflate>& deflate = {});

/// Appends one unmasked frame, final. `is_compressed`: the payload comes from a WsDeflater.
void append_frame(std::string& out, WsOpcode opcode, std::string_view payload,
                  bool is_compressed = false);
/// A close frame; the reason is cut to what a control frame holds.
[[nodiscard]] std::string close_frame(std::uint16_t code, std::string_view reason);

/// Compresses messages, each on its own. Keeps about 2^bits * 4 bytes as long as it lives: one
/// serves all connections.
class WsDeflater {
 public:
  explicit WsDeflater(int window_bits);
  ~WsDeflater();
  WsDeflater(const WsDeflater&) = delete;
  WsDeflater& operator=(const WsDeflater&) = delete;
  /// The payload of a frame whose RSV1 is set. Errors: internal (out of memory).
  [[nodiscard]] Result<std::string> compress(std::string_view message);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Says whether bytes can still become UTF-8 (RFC 3629); the first byte that cannot is refused.
class Utf8Stream {
 public:
  [[nodiscard]] bool take(std::string_view bytes) noexcept;
  [[nodiscard]] bool is_whole() const noexcept { return missing_ == 0; }

 private:
  int missing_ = 0;
  unsigned char low_ = 0x80, high_ = 0xBF;
};

/// Reads what clients send. Fails at the first byte that is wrong, not at the end of its message.
class WsReader {
 public:
  explicit WsReader(std::size_t message_bytes_max, std::optional<int> inflate_bits = {});
  ~WsReader();
  WsReader(WsReader&&) noexcept;
  WsReader& operator=(WsReader&&) noexcept;
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
  /// Frames whose head was taken, pieces of messages and control frames included.
  [[nodiscard]] std::uint64_t frames() const noexcept { return frames_; }

 private:
  struct Inflater;
  struct Frame {
    bool is_final = false, is_control = false;
    WsOpcode opcode = WsOpcode::text;
    std::uint64_t left = 0;  ///< bytes of the payload that have not come
    unsigned char mask[4] = {};
    unsigned mask_at = 0;
  };
  Event fail(std::uint16_t code);
  /// False: more bytes are needed. Sets `code` on an error.
  bool read_head(std::uint16_t& code);
  std::uint16_t check_head(unsigned first, unsigned second, std::uint64_t length) const;
  /// What there is of the frame's payload, unmasked; valid until the next call.
  std::string_view take_payload();
  /// 0, or the code to fail with.
  std::uint16_t take_data(std::string_view piece);
  std::uint16_t append_text(std::string_view piece);
  std::uint16_t end_message();
  Event take_control();
  void drop_taken();
  std::size_t message_bytes_max_;
  std::optional<int> inflate_bits_;
  std::string buffer_, message_, control_;
  std::size_t at_ = 0;  ///< what of `buffer_` is taken
  std::uint64_t frames_ = 0;
  Frame frame_;
  std::unique_ptr<Inflater> inflater_;  ///< of the message that is under way, if compressed
  Utf8Stream utf8_;
  WsOpcode message_opcode_ = WsOpcode::text;
  bool in_frame_ = false, in_message_ = false, has_ended_ = false;
};

}  // namespace loquat::net
