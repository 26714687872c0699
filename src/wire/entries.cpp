#include "loquat/wire/entries.hpp"

namespace loquat::wire {

std::string_view type_of(const EntryPayload& payload) noexcept {
  return std::visit([](const auto& p) { return std::remove_cvref_t<decltype(p)>::kType; }, payload);
}

std::string encode_entry(const EntryHead& head, const EntryPayload& payload) {
  std::string text;
  text.reserve(512);
  JsonWriter out(text);
  out.begin_object();
  EncodeFields write{out};
  write("seq", head.seq, "");
  out.key("type");
  out.value(type_of(payload));
  write("session_id", head.session_id, "");
  write("message_id", head.message_id, "");
  write("trace_id", head.trace_id, "");
  write("timestamp", head.timestamp, "");
  // See encode_value: one field list serves reading and writing; nothing is changed here.
  std::visit([&](const auto& p) { const_cast<std::remove_cvref_t<decltype(p)>&>(p).fields(write); },
             payload);
  out.end_object();
  return text;
}

}  // namespace loquat::wire
