#include "loquat/net/web_socket.hpp"

#include <openssl/evp.h>

#include <array>

#include "loquat/base/utf8.hpp"

namespace loquat::net {
namespace {

constexpr std::uint16_t kProtocolError = 1002, kNoCode = 1005, kBadText = 1007, kTooBig = 1009;
constexpr std::size_t kControlBytesMax = 125;

std::string accept_key(std::string_view key) {
  std::string text(key);
  text += "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455, section 1.3
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr);
  std::array<unsigned char, 64> encoded{};
  const int length = EVP_EncodeBlock(encoded.data(), digest.data(), static_cast<int>(size));
  return {reinterpret_cast<const char*>(encoded.data()), static_cast<std::size_t>(length)};
}

/// 16 bytes in base64: 22 characters and two `=`.
bool is_key(std::string_view key) {
  if (key.size() != 24 || !key.ends_with("==")) return false;
  for (const char c : key.substr(0, 22)) {
    const bool is_base64 = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                           (c >= '0' && c <= '9') || c == '+' || c == '/';
    if (!is_base64) return false;
  }
  return true;
}

/// RFC 6455, section 7.4: what may stand in a close frame on the wire.
bool is_sendable(std::uint16_t code) {
  if (code >= 3000 && code <= 4999) return true;
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
}

}  // namespace

std::string_view why_no_handshake(const Request& request) {
  if (request.method != Method::get) return "a WebSocket handshake is a GET";
  if (!lists_token(request.header("Upgrade"), "websocket") ||
      !lists_token(request.header("Connection"), "upgrade"))
    return "this path is for WebSocket: send Upgrade and Connection";
  if (request.header("Sec-WebSocket-Version") != "13") return "Sec-WebSocket-Version must be 13";
  if (!is_key(request.header("Sec-WebSocket-Key"))) return "Sec-WebSocket-Key is malformed";
  return {};
}

Response accept_handshake(const Request& request, std::string_view subprotocol) {
  Response response;
  response.status = 101;
  response.headers.set("Upgrade", "websocket");
  response.headers.set("Connection", "Upgrade");
  response.headers.set("Sec-WebSocket-Accept", accept_key(request.header("Sec-WebSocket-Key")));
  if (!subprotocol.empty())
    response.headers.set("Sec-WebSocket-Protocol", std::string(subprotocol));
  return response;
}

void append_frame(std::string& out, WsOpcode opcode, std::string_view payload) {
  out += static_cast<char>(0x80U | static_cast<unsigned>(opcode));
  const auto size = static_cast<std::uint64_t>(payload.size());
  const auto append_size = [&](int bytes) {
    for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8)
      out += static_cast<char>((size >> static_cast<unsigned>(shift)) & 0xFFU);
  };
  if (size < 126) {
    out += static_cast<char>(size);
  } else if (size <= 0xFFFF) {
    out += static_cast<char>(126);
    append_size(2);
  } else {
    out += static_cast<char>(127);
    append_size(8);
  }
  out.append(payload);
}

std::string close_frame(std::uint16_t code, std::string_view reason) {
  std::string payload;
  if (code != kNoCode) {
    payload += static_cast<char>(code >> 8U);
    payload += static_cast<char>(code & 0xFFU);
    payload.append(clip_utf8(reason, kControlBytesMax - 2));
  }
  std::string out;
  append_frame(out, WsOpcode::close, payload);
  return out;
}

WsReader::Event WsReader::fail(std::uint16_t code) {
  has_ended_ = true;
  Event event;
  event.kind = Kind::failed;
  event.code = code;
  return event;
}

bool WsReader::read_head(Frame& frame, std::uint16_t& code) const {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(buffer_[i]); };
  if (buffer_.size() < 2) return false;
  frame.is_final = (byte(0) & 0x80U) != 0;
  frame.opcode = static_cast<WsOpcode>(byte(0) & 0x0FU);
  const unsigned op = byte(0) & 0x0FU;
  const bool is_control = op >= 8;
  std::uint64_t length = byte(1) & 0x7FU;
  const bool is_known = op <= 2 || (op >= 8 && op <= 10);
  const bool is_masked = (byte(1) & 0x80U) != 0;  // section 5.1: a client's frame always is
  if ((byte(0) & 0x70U) != 0 || !is_known || !is_masked ||
      (is_control && (!frame.is_final || length > kControlBytesMax)) || (op == 0 && !in_message_) ||
      ((op == 1 || op == 2) && in_message_)) {
    code = kProtocolError;
    return false;
  }
  const std::size_t extra = length == 126 ? 2 : length == 127 ? 8 : 0;
  if (buffer_.size() < 2 + extra) return false;
  if (extra > 0) {
    length = 0;
    for (std::size_t i = 0; i < extra; ++i) length = (length << 8U) | byte(2 + i);
  }
  if (!is_control && length > message_bytes_max_ - message_.size()) {
    code = kTooBig;
    return false;
  }
  frame.head = 2 + extra + 4;
  frame.length = static_cast<std::size_t>(length);
  if (buffer_.size() < frame.head) return false;
  for (std::size_t i = 0; i < 4; ++i) frame.mask[i] = byte(2 + extra + i);
  return buffer_.size() >= frame.head + frame.length;
}

WsReader::Event WsReader::take_control(const Frame& frame, std::string payload) {
  Event event;
  event.kind = frame.opcode == WsOpcode::ping   ? Kind::ping
               : frame.opcode == WsOpcode::pong ? Kind::pong
                                                : Kind::close;
  if (event.kind != Kind::close) {
    event.payload = std::move(payload);
    return event;
  }
  has_ended_ = true;
  event.code = kNoCode;
  if (payload.empty()) return event;
  if (payload.size() == 1) return fail(kProtocolError);
  event.code = static_cast<std::uint16_t>((static_cast<unsigned char>(payload[0]) << 8U) |
                                          static_cast<unsigned char>(payload[1]));
  event.payload = payload.substr(2);
  if (!is_sendable(event.code)) return fail(kProtocolError);
  if (!is_utf8(event.payload)) return fail(kBadText);
  return event;
}

WsReader::Event WsReader::next() {
  while (!has_ended_) {
    Frame frame;
    std::uint16_t code = 0;
    if (!read_head(frame, code)) return code != 0 ? fail(code) : Event{};
    std::string payload = buffer_.substr(frame.head, frame.length);
    buffer_.erase(0, frame.head + frame.length);
    for (std::size_t i = 0; i < payload.size(); ++i)
      payload[i] = static_cast<char>(static_cast<unsigned char>(payload[i]) ^ frame.mask[i % 4]);
    if (static_cast<unsigned>(frame.opcode) >= 8) return take_control(frame, std::move(payload));
    if (frame.opcode != WsOpcode::continuation) {
      message_opcode_ = frame.opcode;
      in_message_ = true;
    }
    message_ += payload;
    if (!frame.is_final) continue;
    in_message_ = false;
    Event event;
    event.kind = Kind::message;
    event.opcode = message_opcode_;
    event.payload = std::exchange(message_, {});
    if (event.opcode == WsOpcode::text && !is_utf8(event.payload)) return fail(kBadText);
    return event;
  }
  return {};
}

}  // namespace loquat::net
