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

void append_digits(std::string& out, unsigned number, std::size_t digits) {
  const std::size_t end = out.size() + digits;
  out.resize(end);
  for (std::size_t i = 1; i <= digits; ++i, number /= 10)
    out[end - i] = static_cast<char>('0' + number % 10);
}

bool is_at(std::string_view text, std::size_t at, char wanted) {
  return at < text.size() && text[at] == wanted;
}

}  // namespace

std::string format_date(Date date) {
  const int number = int(date.year());
  if (number < 0 || number > 9999) {  // no RFC 3339, but readable
    char buffer[32];
    const int size = std::snprintf(buffer, sizeof buffer, "%04d-%02u-%02u", number,
                                   unsigned(date.month()), unsigned(date.day()));
    return {buffer, static_cast<std::size_t>(size)};
  }
  std::string text;
  text.reserve(sizeof "2025-12-31T23:59:59.000Z");
  append_digits(text, static_cast<unsigned>(number), 4);
  text += '-';
  append_digits(text, unsigned(date.month()), 2);
  text += '-';
  append_digits(text, unsigned(date.day()), 2);
  return text;
}

std::string format_rfc3339(WallTime time) {
  const auto midnight = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::hh_mm_ss clock(time - midnight);
  const auto number = [](auto part) { return static_cast<unsigned>(part.count()); };
  std::string text = format_date(Date(midnight));
  text += 'T';
  append_digits(text, number(clock.hours()), 2);
  text += ':';
  append_digits(text, number(clock.minutes()), 2);
  text += ':';
  append_digits(text, number(clock.seconds()), 2);
  text += '.';
  append_digits(text, number(clock.subseconds()), 3);
  text += 'Z';
  return text;
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
