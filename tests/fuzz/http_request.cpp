// rooms: net
#include <cstdlib>
#include <string>
#include <string_view>

#include "net/message_parser.hpp"

namespace {

struct Reading {
  loquat::net::ParseState state = loquat::net::ParseState::need_head;
  std::size_t consumed = 0;
};

/// Feeds the bytes in pieces of at most `step`, as a socket would, until the message ends.
Reading read(loquat::net::RequestParser& parser, std::string_view bytes, std::size_t step) {
  using loquat::net::ParseState;
  Reading reading;
  std::size_t given = 0;
  while (given < bytes.size()) {
    given = std::min(bytes.size(), given + step);
    std::size_t consumed = 0;
    reading.state = parser.feed(bytes.substr(reading.consumed, given - reading.consumed), consumed);
    if (consumed > given - reading.consumed) std::abort();
    reading.consumed += consumed;
    if (reading.state == ParseState::done || reading.state == ParseState::refused) break;
  }
  return reading;
}

}  // namespace

/// However the bytes are cut, the same message comes out. The first byte is the size of a piece.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using loquat::net::ParseState;
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const loquat::net::ParserLimits limits{.head_bytes_max = 2048, .body_bytes_max = 4096};
  loquat::net::RequestParser whole(limits), cut(limits);
  const Reading first = read(whole, bytes, bytes.size());
  const Reading second = read(cut, bytes, data[0] % 64U + 1);
  if (first.state == ParseState::done && second.state == ParseState::done &&
      whole.take().body != cut.take().body)
    std::abort();
  return 0;
}
