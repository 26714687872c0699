#include "loquat/base/time_format.hpp"

#include <charconv>
#include <cstdio>

namespace loquat {
namespace {

using std::chrono::day;
using std::chrono::month;
using std::chrono::year;

bool read_number(std::string_view text, std::size_t at, std::size_t digits, int& out) {
  if (text.size() < at + digits) return false;
  out = 0;
  for (std::size_t i = at; i < at + digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    out = out * 10 + (text[i] - '0');
  }
  return true;
}

bool is_at(std::string_view text, std::size_t at, char wanted) {
  return at < text.size() && text[at] == wanted;
}

}  // namespace

std::string format_date(Date date) {
  char buffer[32];
  const int size = std::snprintf(buffer, sizeof buffer, "%04d-%02u-%02u", int(date.year()),
                                 unsigned(date.month()), unsigned(date.day()));
  return {buffer, static_cast<std::size_t>(size)};
}

std::string format_rfc3339(WallTime time) {
  const auto midnight = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::hh_mm_ss clock(time - midnight);
  char buffer[32];
  const int size = std::snprintf(buffer, sizeof buffer, "T%02d:%02d:%02d.%03dZ",
                                 int(clock.hours().count()), int(clock.minutes().count()),
                                 int(clock.seconds().count()), int(clock.subseconds().count()));
  return format_date(Date(midnight)).append(buffer, static_cast<std::size_t>(size));
}

std::optional<Date> parse_date(std::string_view text) {
  int y = 0;
  int m = 0;
  int d = 0;
  if (text.size() != 10 || !read_number(text, 0, 4, y) || !is_at(text, 4, '-') ||
      !read_number(text, 5, 2, m) || !is_at(text, 7, '-') || !read_number(text, 8, 2, d))
    return std::nullopt;
  const Date date(year(y), month(static_cast<unsigned>(m)), day(static_cast<unsigned>(d)));
  if (!date.ok()) return std::nullopt;
  return date;
}

std::optional<WallTime> parse_rfc3339(std::string_view text) {
  if (text.size() < 20) return std::nullopt;
  const auto date = parse_date(text.substr(0, 10));
  int hour = 0;
  int minute = 0;
  int second = 0;
  if (!date || (text[10] != 'T' && text[10] != 't' && text[10] != ' ') ||
      !read_number(text, 11, 2, hour) || text[13] != ':' || !read_number(text, 14, 2, minute) ||
      text[16] != ':' || !read_number(text, 17, 2, second) || hour > 23 || minute > 59 ||
      second > 60)
    return std::nullopt;
  std::size_t at = 19;
  int milliseconds = 0;
  if (is_at(text, at, '.')) {
    int scale = 100;
    const std::size_t start = ++at;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, scale /= 10)
      milliseconds += (text[at] - '0') * scale;
    if (at == start || at - start > 9) return std::nullopt;
  }
  int offset_minutes = 0;
  if (is_at(text, at, 'Z') || is_at(text, at, 'z')) {
    if (at + 1 != text.size()) return std::nullopt;
  } else {
    int oh = 0;
    int om = 0;
    if (at + 6 != text.size() || (text[at] != '+' && text[at] != '-') ||
        !read_number(text, at + 1, 2, oh) || text[at + 3] != ':' ||
        !read_number(text, at + 4, 2, om) || oh > 23 || om > 59)
      return std::nullopt;
    offset_minutes = (oh * 60 + om) * (text[at] == '-' ? -1 : 1);
  }
  return WallTime(std::chrono::sys_days(*date)) + std::chrono::hours(hour) +
         std::chrono::minutes(minute - offset_minutes) + std::chrono::seconds(second) +
         std::chrono::milliseconds(milliseconds);
}

}  // namespace loquat
