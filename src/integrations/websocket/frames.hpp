#pragma once
#include <memory>
#include <string>
#include <vector>

#include "loquat/contracts/conversations.hpp"
#include "loquat/net/web_socket.hpp"
#include "loquat/websocket/config.hpp"

namespace loquat::websocket {

using contracts::Task;
using Bytes = std::shared_ptr<const std::string>;

/// Consecutive entries as frames, made once for every reader that needs them.
struct Chunk {
  std::uint64_t first = 0, last = 0;
  Bytes plain;
  std::vector<contracts::LogEntry> entries;  ///< for `FrameMaker::packed`
  Bytes packed;                              ///< made when the first reader wants it
};

/// Makes frames for all connections. One compressor serves all, as no message depends on another.
class FrameMaker {
 public:
  explicit FrameMaker(const WebSocketConfig& config) : config_(config) {}
  [[nodiscard]] Chunk make(std::vector<contracts::LogEntry> entries) const;
  /// With the frames compressed that are worth it; `window_bits` as agreed on by the connection.
  [[nodiscard]] Bytes packed(Chunk& chunk, int window_bits);
  [[nodiscard]] std::string text_frame(std::string_view text, int window_bits);

 private:
  void append(std::string& out, std::string_view text, int window_bits);
  const WebSocketConfig& config_;
  std::unique_ptr<net::WsDeflater> deflater_, small_deflater_;
};

}  // namespace loquat::websocket
