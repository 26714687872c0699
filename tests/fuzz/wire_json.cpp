// rooms: wire
#include <cstdlib>
#include <string_view>

#include "loquat/wire/json.hpp"

/// What the parser takes, it must write, read again and write the same.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const loquat::wire::JsonLimits limits{.bytes_max = 64 << 10, .depth_max = 32, .values_max = 4096};
  const auto node = loquat::wire::parse_json(text, limits);
  if (!node) return 0;
  const std::string once = node->dump();
  // Escapes may grow the text: the second reading has no byte limit of its own.
  const auto again = loquat::wire::parse_json(once, {.bytes_max = 1 << 20});
  if (!again || again->dump() != once) std::abort();
  return 0;
}
