#include <zlib.h>

#include <algorithm>

#include "loquat/base/utf8.hpp"
#include "loquat/net/web_socket.hpp"

namespace loquat::net {
namespace {

constexpr std::uint16_t kProtocolError = 1002, kNoCode = 1005, kBadText = 1007, kTooBig = 1009;
constexpr std::size_t kControlBytesMax = 125;
constexpr std::size_t kInflateBytes = 8U << 10U;
constexpr std::string_view kTail{"\0\0\xff\xff", 4};  // RFC 7692, section 7.2.2

/// RFC 6455, section 7.4: what may stand in a close frame on the wire.
bool is_sendable(std::uint16_t code) {
  if (code >= 3000 && code <= 4999) return true;
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
}

}  // namespace

bool Utf8Stream::take(std::string_view bytes) noexcept {
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (missing_ > 0) {
      if (byte < low_ || byte > high_) return false;
      low_ = 0x80, high_ = 0xBF;
      --missing_;
    } else if (byte >= 0x80) {
      if (byte < 0xC2 || byte > 0xF4) return false;
      missing_ = byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : 3;
      // No overlong forms, no surrogates, nothing past U+10FFFF.
      low_ = byte == 0xE0 ? 0xA0 : byte == 0xF0 ? 0x90 : 0x80;
      high_ = byte == 0xED ? 0x9F : byte == 0xF4 ? 0x8F : 0xBF;
    }
  }
  return true;
}

struct WsReader::Inflater {
  explicit Inflater(int bits) { is_ready = inflateInit2(&stream, -bits) == Z_OK; }
  ~Inflater() {
    if (is_ready) inflateEnd(&stream);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  z_stream stream{};
  bool is_ready = false;
};

WsReader::WsReader(std::size_t message_bytes_max, std::optional<int> inflate_bits)
    : message_bytes_max_(message_bytes_max), inflate_bits_(inflate_bits) {}
WsReader::~WsReader() = default;
WsReader::WsReader(WsReader&&) noexcept = default;
WsReader& WsReader::operator=(WsReader&&) noexcept = default;

WsReader::Event WsReader::fail(std::uint16_t code) {
  has_ended_ = true;
  inflater_.reset();
  std::string().swap(buffer_);
  std::string().swap(message_);
  Event event;
  event.kind = Kind::failed;
  event.code = code;
  return event;
}

std::uint16_t WsReader::check_head(unsigned first, unsigned second, std::uint64_t length) const {
  const unsigned op = first & 0x0FU;
  const bool is_control = op >= 8;
  const bool is_known = op <= 2 || (op >= 8 && op <= 10);
  const bool may_compress = inflate_bits_ && (op == 1 || op == 2);
  const unsigned reserved = first & (may_compress ? 0x30U : 0x70U);
  if (reserved != 0 || !is_known) return kProtocolError;
  if ((second & 0x80U) == 0) return kProtocolError;  // section 5.1: a client's frame is masked
  if (is_control && ((first & 0x80U) == 0 || length > kControlBytesMax)) return kProtocolError;
  if ((op == 0) != in_message_ && !is_control) return kProtocolError;
  const bool is_compressed = (first & 0x40U) != 0 || inflater_;
  if (!is_control && !is_compressed && length > message_bytes_max_ - message_.size())
    return kTooBig;
  return 0;
}

bool WsReader::read_head(std::uint16_t& code) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(buffer_[at_ + i]); };
  const std::size_t size = buffer_.size() - at_;
  if (size < 2) return false;
  std::uint64_t length = byte(1) & 0x7FU;
  const std::size_t extra = length == 126 ? 2 : length == 127 ? 8 : 0;
  code = check_head(byte(0), byte(1), extra == 0 ? length : 126);  // long enough to be refused
  if (code == kTooBig && extra != 0) code = 0;
  if (code != 0 || size < 2 + extra) return false;
  if (extra > 0) {
    length = 0;
    for (std::size_t i = 0; i < extra; ++i) length = (length << 8U) | byte(2 + i);
    const bool is_shortest = extra == 2 ? length >= 126 : length > 0xFFFF && (length >> 63U) == 0;
    code = is_shortest ? check_head(byte(0), byte(1), length) : kProtocolError;
  }
  if (code != 0 || size < 2 + extra + 4) return false;
  frame_ = {};
  frame_.is_final = (byte(0) & 0x80U) != 0;
  frame_.opcode = static_cast<WsOpcode>(byte(0) & 0x0FU);
  frame_.is_control = (byte(0) & 0x08U) != 0;
  frame_.left = length;
  for (std::size_t i = 0; i < 4; ++i) frame_.mask[i] = byte(2 + extra + i);
  const bool is_compressed = (byte(0) & 0x40U) != 0;
  at_ += 2 + extra + 4;
  in_frame_ = true;
  ++frames_;
  if (frame_.is_control || frame_.opcode == WsOpcode::continuation) return true;
  message_opcode_ = frame_.opcode;
  in_message_ = true;
  utf8_ = {};
  if (is_compressed) inflater_ = std::make_unique<Inflater>(*inflate_bits_);
  return true;
}

std::string_view WsReader::take_payload() {
  const auto size =
      static_cast<std::size_t>(std::min<std::uint64_t>(frame_.left, buffer_.size() - at_));
  char* const begin = buffer_.data() + at_;
  for (std::size_t i = 0; i < size; ++i)
    begin[i] = static_cast<char>(static_cast<unsigned char>(begin[i]) ^
                                 frame_.mask[(frame_.mask_at + i) & 3U]);
  frame_.mask_at = (frame_.mask_at + static_cast<unsigned>(size & 3U)) & 3U;
  frame_.left -= size;
  at_ += size;
  return {begin, size};
}

std::uint16_t WsReader::append_text(std::string_view piece) {
  // What is wrong first is said, however the bytes come in pieces.
  const std::size_t room = message_bytes_max_ - message_.size();
  if (message_opcode_ == WsOpcode::text && !utf8_.take(piece.substr(0, room))) return kBadText;
  if (piece.size() > room) return kTooBig;
  message_.append(piece);
  return 0;
}

std::uint16_t WsReader::take_data(std::string_view piece) {
  if (!inflater_) return append_text(piece);
  if (!inflater_->is_ready) return kTooBig;
  auto& stream = inflater_->stream;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
  stream.avail_in = static_cast<uInt>(piece.size());
  std::string out(kInflateBytes, '\0');
  do {
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    const int rc = inflate(&stream, Z_SYNC_FLUSH);
    const auto code = append_text(std::string_view(out).substr(0, out.size() - stream.avail_out));
    if (code != 0) return code;
    if (rc != Z_OK && rc != Z_BUF_ERROR && rc != Z_STREAM_END) return kBadText;
    // A block may say that it is the last one; another may follow all the same (section 7.2.3.4).
    if (rc == Z_STREAM_END && inflateReset(&stream) != Z_OK) return kBadText;
    if (rc == Z_BUF_ERROR) break;
  } while (stream.avail_in > 0 || stream.avail_out == 0);
  return 0;
}

std::uint16_t WsReader::end_message() {
  in_message_ = false;
  if (inflater_) {
    const auto code = take_data(kTail);
    inflater_.reset();
    if (code != 0) return code;
  }
  if (message_opcode_ == WsOpcode::text && !utf8_.is_whole()) return kBadText;
  return 0;
}

WsReader::Event WsReader::take_control() {
  auto payload = std::exchange(control_, {});
  Event event;
  event.kind = frame_.opcode == WsOpcode::ping   ? Kind::ping
               : frame_.opcode == WsOpcode::pong ? Kind::pong
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

void WsReader::drop_taken() {
  if (at_ == buffer_.size())
    std::string().swap(buffer_);  // an idle connection keeps no buffer; an assignment would
  else
    buffer_.erase(0, at_);
  at_ = 0;
}

WsReader::Event WsReader::next() {
  while (!has_ended_) {
    std::uint16_t code = 0;
    if (!in_frame_ && !read_head(code)) {
      drop_taken();
      return code != 0 ? fail(code) : Event{};
    }
    const auto piece = take_payload();
    if (frame_.is_control)
      control_.append(piece);
    else if (code = take_data(piece); code != 0)
      return fail(code);
    if (frame_.left > 0) {
      drop_taken();
      return {};
    }
    in_frame_ = false;
    if (frame_.is_control) return take_control();
    if (!frame_.is_final) continue;
    if (code = end_message(); code != 0) return fail(code);
    Event event;
    event.kind = Kind::message;
    event.opcode = message_opcode_;
    event.payload = std::exchange(message_, {});
    return event;
  }
  return {};
}

}  // namespace loquat::net
