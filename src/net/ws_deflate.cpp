#include <zlib.h>

#include <algorithm>
#include <charconv>

#include "loquat/net/web_socket.hpp"

/// permessage-deflate, RFC 7692: what is agreed on, and the compressing half.
namespace loquat::net {
namespace {

constexpr std::string_view kName = "permessage-deflate";
constexpr int kBitsMin = 9, kBitsMax = 15;  // zlib cannot write a window of 8
constexpr int kLevel = 1;  // text of our kind: level 6 costs three times as much for a tenth less
constexpr int kMemoryLevel = 5;

std::string_view trim(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

/// Takes what stands before `mark` off the front of `rest`.
std::string_view next_part(std::string_view& rest, char mark) {
  const auto at = rest.find(mark);
  const auto part = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view{} : rest.substr(at + 1);
  return trim(part);
}

std::optional<int> read_bits(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"')
    text = text.substr(1, text.size() - 2);
  int bits = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), bits);
  if (ec != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (text.starts_with('0') || bits < 8 || bits > kBitsMax) return std::nullopt;
  return bits;
}

struct Offer {
  bool server_alone = false, client_alone = false;  // the no_context_takeover of each
  std::optional<int> server_bits, client_bits;
  bool has_client_bits = false;
  /// False: unknown, repeated or malformed; then the whole offer is declined (section 7.1).
  bool take(std::string_view name, std::string_view value, bool has_value) {
    if (name == "server_no_context_takeover" && !has_value)
      return !std::exchange(server_alone, true);
    if (name == "client_no_context_takeover" && !has_value)
      return !std::exchange(client_alone, true);
    if (name == "server_max_window_bits") {
      if (server_bits) return false;
      server_bits = read_bits(value);
      return server_bits && *server_bits >= kBitsMin;
    }
    if (name == "client_max_window_bits") {
      if (std::exchange(has_client_bits, true)) return false;
      if (has_value) client_bits = read_bits(value);
      return !has_value || client_bits;
    }
    return false;
  }
};

std::optional<WsDeflate> answer_to(std::string_view text, int window_bits) {
  if (!equals_without_case(next_part(text, ';'), kName)) return std::nullopt;
  Offer offer;
  while (!text.empty()) {
    auto value = next_part(text, ';');
    const bool has_value = value.find('=') != std::string_view::npos;
    const auto name = next_part(value, '=');
    if (!offer.take(name, trim(value), has_value)) return std::nullopt;
  }
  WsDeflate chosen;
  chosen.server_bits = offer.server_bits.value_or(kBitsMax);
  chosen.response = std::string(kName) + "; server_no_context_takeover; client_no_context_takeover";
  if (offer.server_bits)
    chosen.response += "; server_max_window_bits=" + std::to_string(chosen.server_bits);
  if (offer.has_client_bits) {  // only then may we bound it
    chosen.client_bits = std::min(offer.client_bits.value_or(kBitsMax), window_bits);
    chosen.response += "; client_max_window_bits=" + std::to_string(chosen.client_bits);
  }
  return chosen;
}

}  // namespace

std::optional<WsDeflate> choose_deflate(const Headers& headers, int window_bits) {
  for (const auto& [name, value] : headers.all()) {
    if (!equals_without_case(name, "Sec-WebSocket-Extensions")) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const auto offer = next_part(rest, ',');
      if (auto chosen = answer_to(offer, window_bits)) return chosen;
    }
  }
  return std::nullopt;
}

struct WsDeflater::State {
  z_stream stream{};
  bool is_ready = false;
};

WsDeflater::WsDeflater(int window_bits) : state_(std::make_unique<State>()) {
  const int bits = std::clamp(window_bits, kBitsMin, kBitsMax);
  state_->is_ready = deflateInit2(&state_->stream, kLevel, Z_DEFLATED, -bits, kMemoryLevel,
                                  Z_DEFAULT_STRATEGY) == Z_OK;
}
WsDeflater::~WsDeflater() {
  if (state_->is_ready) deflateEnd(&state_->stream);
}

Result<std::string> WsDeflater::compress(std::string_view message) {
  auto& stream = state_->stream;
  if (!state_->is_ready || deflateReset(&stream) != Z_OK)
    return loquat::fail(Errc::internal, "no memory to compress with");
  std::string out(deflateBound(&stream, static_cast<uLong>(message.size())) + 16, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(message.data()));
  stream.avail_in = static_cast<uInt>(message.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  if (deflate(&stream, Z_SYNC_FLUSH) != Z_OK || stream.avail_in > 0 || stream.avail_out == 0)
    return loquat::fail(Errc::internal, "the message cannot be compressed");
  out.resize(out.size() - stream.avail_out - 4);  // without the 00 00 ff ff of the flush
  return out;
}

}  // namespace loquat::net
