// rooms: wire
#include <cstdlib>
#include <string_view>
#include <variant>

#include "loquat/wire/codec.hpp"
#include "loquat/wire/events.hpp"

namespace {

using loquat::wire::Event;

/// A message that decodes without an issue must come through encoding unchanged.
template <class Message>
void round_trip(std::string_view text) {
  const auto decoded = loquat::wire::decode<Message>(text);
  if (!decoded) return;
  const std::string once = loquat::wire::encode(decoded->message);
  const auto again = loquat::wire::decode<Message>(once);
  if (!again || loquat::wire::encode(again->message) != once) std::abort();
}

template <std::size_t... I>
void round_trip_as(std::size_t kind, std::string_view text, std::index_sequence<I...>) {
  ((kind == I ? round_trip<std::variant_alternative_t<I, Event>>(text) : void()), ...);
}

}  // namespace

/// The first byte chooses the kind of event, the rest is the record's value.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  round_trip_as(data[0] % std::variant_size_v<Event>, text,
                std::make_index_sequence<std::variant_size_v<Event>>{});
  return 0;
}
