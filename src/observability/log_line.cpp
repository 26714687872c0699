#include <array>
#include <charconv>
#include <cmath>

#include "loquat/base/time_format.hpp"
#include "loquat/base/utf8.hpp"
#include "loquat/observability/telemetry.hpp"

namespace loquat::observability {
namespace {

void append_quoted(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  const bool is_text = is_utf8(text);
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\u00";
      out += kHex[byte >> 4U];
      out += kHex[byte & 15U];
    } else if (byte >= 0x80 && !is_text) {
      out += '?';  // a line is always UTF-8
    } else {
      out += c;
    }
  }
  out += '"';
}
void append_number(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  std::array<char, 40> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  out.append(buffer.data(), end.ptr);
}
struct ValueWriter {
  std::string& out;
  void operator()(const std::string& value) const { append_quoted(out, value); }
  void operator()(std::int64_t value) const { out += std::to_string(value); }
  void operator()(double value) const { append_number(out, value); }
  void operator()(bool value) const { out += value ? "true" : "false"; }
};

std::string as_json(const LogRecord& record) {
  std::string out = "{\"time\":";
  append_quoted(out, format_rfc3339(record.time));
  const auto member = [&out](std::string_view name, std::string_view value) {
    out += ",\"";
    out += name;
    out += "\":";
    append_quoted(out, value);
  };
  member("level", name_of(record.level));
  member("event", record.event);
  member("message", record.message);
  for (const auto& field : record.fields) {
    out += ',';
    append_quoted(out, field.name);
    out += ':';
    std::visit(ValueWriter{out}, field.value);
  }
  if (record.suppressed > 0) out += ",\"suppressed\":" + std::to_string(record.suppressed);
  return out + "}";
}
std::string as_text(const LogRecord& record) {
  std::string out = format_rfc3339(record.time);
  out += ' ';
  out += name_of(record.level);
  out += ' ';
  out += record.event;
  out += ": ";
  out += record.message;
  for (const auto& field : record.fields) {
    out += ' ';
    out += field.name;
    out += '=';
    std::visit(ValueWriter{out}, field.value);
  }
  if (record.suppressed > 0) out += " suppressed=" + std::to_string(record.suppressed);
  return out;
}

}  // namespace

std::string format_line(const LogRecord& record, LogFormat format) {
  return format == LogFormat::json ? as_json(record) : as_text(record);
}

}  // namespace loquat::observability
