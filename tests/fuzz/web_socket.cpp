// rooms: net
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "loquat/net/web_socket.hpp"

namespace {

using loquat::net::WsReader;

/// Everything that the bytes say, fed in pieces of at most `step`, as a socket would.
std::vector<WsReader::Event> read(std::string_view bytes, std::size_t step, bool has_deflate) {
  WsReader reader(4096, has_deflate ? std::optional<int>(15) : std::nullopt);
  std::vector<WsReader::Event> events;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    reader.feed(bytes.substr(at, step));
    for (;;) {
      auto event = reader.next();
      if (event.kind == WsReader::Kind::need_more) break;
      if (event.payload.size() > 4096) std::abort();
      events.push_back(std::move(event));
    }
  }
  return events;
}

}  // namespace

/// However the bytes are cut, the same comes out. The first byte is the size of a piece, its
/// highest bit says whether compression was agreed on.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const bool has_deflate = (data[0] & 0x80U) != 0;
  const auto whole = read(bytes, bytes.size(), has_deflate);
  const auto cut = read(bytes, data[0] % 64U + 1, has_deflate);
  if (whole.size() != cut.size()) std::abort();
  for (std::size_t i = 0; i < whole.size(); ++i)
    if (whole[i].kind != cut[i].kind || whole[i].payload != cut[i].payload ||
        whole[i].code != cut[i].code)
      std::abort();
  return 0;
}
