#include "frames.hpp"

namespace loquat::websocket {
namespace {
constexpr int kSmallBits = 9;  // what every agreement allows
}

Chunk FrameMaker::make(std::vector<contracts::LogEntry> entries) const {
  Chunk chunk;
  chunk.first = entries.front().seq;
  chunk.last = entries.back().seq;
  std::string frames;
  std::size_t bytes = 0;
  for (const auto& entry : entries) bytes += entry.bytes->size() + 10;
  frames.reserve(bytes);
  for (const auto& entry : entries) net::append_frame(frames, net::WsOpcode::text, *entry.bytes);
  chunk.plain = std::make_shared<const std::string>(std::move(frames));
  chunk.entries = std::move(entries);
  return chunk;
}

void FrameMaker::append(std::string& out, std::string_view text, int window_bits) {
  if (window_bits == 0 || text.size() < static_cast<std::size_t>(config_.deflate_min_bytes))
    return net::append_frame(out, net::WsOpcode::text, text);
  const bool is_small = window_bits < config_.deflate_window_bits;
  auto& deflater = is_small ? small_deflater_ : deflater_;
  if (!deflater)
    deflater =
        std::make_unique<net::WsDeflater>(is_small ? kSmallBits : config_.deflate_window_bits);
  const auto packed = deflater->compress(text);
  const bool is_worth_it = packed && packed->size() < text.size();
  net::append_frame(out, net::WsOpcode::text, is_worth_it ? std::string_view(*packed) : text,
                    is_worth_it);
}

Bytes FrameMaker::packed(Chunk& chunk, int window_bits) {
  // One form for all: a reader that agreed on less than the usual window gets it from the small
  // compressor, on its own account.
  const bool is_usual = window_bits >= config_.deflate_window_bits;
  if (is_usual && chunk.packed) return chunk.packed;
  std::string frames;
  for (const auto& entry : chunk.entries) append(frames, *entry.bytes, window_bits);
  auto made = std::make_shared<const std::string>(std::move(frames));
  if (is_usual) chunk.packed = made;
  return made;
}

std::string FrameMaker::text_frame(std::string_view text, int window_bits) {
  std::string frame;
  append(frame, text, window_bits);
  return frame;
}

}  // namespace loquat::websocket
