#include "loquat/net/web_socket.hpp"

#include <openssl/evp.h>

#include <array>

#include "loquat/base/utf8.hpp"

namespace loquat::net {
namespace {

constexpr std::uint16_t kCodeAbsent = 1005;
constexpr std::size_t kControlBytesAtMost = 125;

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

Response accept_handshake(const Request& request, std::string_view subprotocol,
                          const std::optional<WsDeflate>& deflate) {
  Response response;
  response.status = 101;
  response.headers.set("Upgrade", "websocket");
  response.headers.set("Connection", "Upgrade");
  response.headers.set("Sec-WebSocket-Accept", accept_key(request.header("Sec-WebSocket-Key")));
  if (!subprotocol.empty())
    response.headers.set("Sec-WebSocket-Protocol", std::string(subprotocol));
  if (deflate) response.headers.set("Sec-WebSocket-Extensions", deflate->response);
  return response;
}

void append_frame(std::string& out, WsOpcode opcode, std::string_view payload, bool is_compressed) {
  out += static_cast<char>(0x80U | (is_compressed ? 0x40U : 0U) | static_cast<unsigned>(opcode));
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
  if (code != kCodeAbsent) {
    payload += static_cast<char>(code >> 8U);
    payload += static_cast<char>(code & 0xFFU);
    payload.append(clip_utf8(reason, kControlBytesAtMost - 2));
  }
  std::string out;
  append_frame(out, WsOpcode::close, payload);
  return out;
}

}  // namespace loquat::net
