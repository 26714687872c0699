#include "header_words.hpp"

#include <algorithm>
#include <chrono>

namespace loquat::edge {

bool is_printable(std::string_view text, std::size_t bytes_max) {
  if (text.empty() || text.size() > bytes_max) return false;
  for (const char c : text)
    if (c < 0x21 || c > 0x7e) return false;
  return true;
}

std::string_view cookie_of(std::string_view header, std::string_view name) {
  while (!header.empty()) {
    const auto end = header.find(';');
    auto item = header.substr(0, end);
    header = end == std::string_view::npos ? std::string_view{} : header.substr(end + 1);
    while (item.starts_with(' ')) item.remove_prefix(1);
    if (item.size() > name.size() && item.starts_with(name) && item[name.size()] == '=')
      return item.substr(name.size() + 1);
  }
  return {};
}

bool is_foreign_name(std::string_view host) {
  if (host.starts_with('[')) return !host.starts_with("[::1]");
  host = host.substr(0, host.find(':'));
  const bool is_address = host.find_first_not_of("0123456789.") == std::string_view::npos;
  if (is_address && host.starts_with("127.")) return false;
  return host.find('.') != std::string_view::npos && !host.ends_with(".localhost");
}

std::string retry_seconds(Clock::duration wait, std::int64_t most) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
  return std::to_string(std::clamp<std::int64_t>(seconds, 1, most));
}

}  // namespace loquat::edge
