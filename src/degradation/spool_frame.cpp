#include "spool_frame.hpp"

#include "crc32c.hpp"

namespace loquat::degradation {
namespace {

constexpr std::uint32_t kMagic = 0x31514F4CU;  // "LOQ1"
constexpr std::size_t kHeader = 12;
constexpr std::uint32_t kLengthMax = 64U << 20U;
constexpr char kReservedFlag = 1;

template <class N>
void put(std::string& out, N value) {
  for (std::size_t i = 0; i < sizeof(N); ++i) out += static_cast<char>((value >> (8 * i)) & 0xFFU);
}
template <class N>
N get(std::string_view bytes, std::size_t at) {
  N value = 0;
  for (std::size_t i = 0; i < sizeof(N); ++i)
    value |= static_cast<N>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
  return value;
}
void put_text(std::string& out, std::string_view text) {
  put(out, static_cast<std::uint32_t>(text.size()));
  out += text;
}

/// Reads length-prefixed texts; turns false for good at the first that does not fit.
class TextReader {
 public:
  TextReader(std::string_view bytes, std::size_t at) : bytes_(bytes), at_(at) {}
  bool read(std::string& out) {
    if (bytes_.size() - at_ < 4) return false;
    const auto length = get<std::uint32_t>(bytes_, at_);
    at_ += 4;
    if (bytes_.size() - at_ < length) return false;
    out.assign(bytes_, at_, length);
    at_ += length;
    return true;
  }

  [[nodiscard]] bool is_at_end() const { return at_ == bytes_.size(); }

 private:
  std::string_view bytes_;
  std::size_t at_;
};

bool decode_body(std::string_view body, SpooledRecord& out) {
  if (body.size() < 9) return false;
  out.position = get<std::uint64_t>(body, 0);
  out.record.reserved = (body[8] & kReservedFlag) != 0;
  TextReader texts(body, 9);
  const bool is_whole = texts.read(out.record.topic) && texts.read(out.record.key) &&
                        texts.read(out.record.event_id) && texts.read(out.record.payload);
  // An older frame ends here.
  return is_whole && (texts.is_at_end() || texts.read(out.record.head));
}

std::size_t next_magic(std::string_view bytes, std::size_t from) {
  std::string magic;
  put(magic, kMagic);
  return std::min(bytes.find(magic, from), bytes.size());
}

}  // namespace

std::string encode_frame(std::uint64_t position, const SpoolRecord& record) {
  std::string body;
  body.reserve(record.payload.size() + record.topic.size() + record.key.size() +
               record.event_id.size() + record.head.size() + 32);
  put(body, position);
  body += record.reserved ? kReservedFlag : '\0';
  put_text(body, record.topic);
  put_text(body, record.key);
  put_text(body, record.event_id);
  put_text(body, record.payload);
  put_text(body, record.head);
  std::string frame;
  frame.reserve(body.size() + kHeader);
  put(frame, kMagic);
  put(frame, static_cast<std::uint32_t>(body.size()));
  put(frame, crc32c(body));
  return frame + body;
}

FrameRead read_frame(std::string_view bytes, std::size_t from) {
  FrameRead read;
  read.start = next_magic(bytes, from);
  if (read.start > from) {  // whatever stands here is no frame
    read.state = read.start < bytes.size() ? FrameState::damaged : FrameState::torn;
    read.end = read.start;
    read.start = from;
    return read;
  }
  read.end = bytes.size();
  if (bytes.size() - from < kHeader) return read;
  const auto length = get<std::uint32_t>(bytes, from + 4);
  const bool fits = length <= kLengthMax && bytes.size() - from - kHeader >= length;
  if (fits) {
    const std::string_view body = bytes.substr(from + kHeader, length);
    if (crc32c(body) == get<std::uint32_t>(bytes, from + 8) && decode_body(body, read.record)) {
      read.state = FrameState::whole;
      read.end = from + kHeader + length;
      return read;
    }
  }
  // A wrong length or checksum: the next magic decides whether this was a torn end or damage in the
  // middle.
  const std::size_t next = next_magic(bytes, from + 4);
  read.state =
      next < bytes.size() ? FrameState::damaged : (fits ? FrameState::damaged : FrameState::torn);
  read.end = next;
  return read;
}

}  // namespace loquat::degradation
