#include "figures.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

namespace loquat::agents {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_ascii_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// True if a letter of a script that puts spaces between words begins at `at`: signs, dashes and
/// currencies are none.
bool is_letter_at(std::string_view text, std::size_t at) {
  if (at >= text.size()) return false;
  const auto first = static_cast<unsigned char>(text[at]);
  if (first < 0x80) return is_ascii_letter(text[at]);
  return first >= 0xC3 && first < 0xE2;  // U+00C0 to U+1FFF
}
bool is_letter_before(std::string_view text, std::size_t at) {
  if (at == 0) return false;
  std::size_t begin = at - 1;
  while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xC0U) == 0x80U) --begin;
  return is_letter_at(text, begin) || text[begin] == '_';
}

std::size_t digits_at(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && is_digit(text[end])) ++end;
  return end - at;
}

/// U+00A0, U+2009 and U+202F: how many bytes one takes at `at`; 0 if there is none.
std::size_t narrow_space_at(std::string_view text, std::size_t at) {
  const auto rest = text.substr(std::min(at, text.size()));
  for (const std::string_view space : {"\xC2\xA0", "\xE2\x80\x89", "\xE2\x80\xAF"})
    if (rest.starts_with(space)) return space.size();
  return 0;
}

/// The digits with their separators, spaces and apostrophes left out.
std::string number_at(std::string_view text, std::size_t& at) {
  std::string out;
  while (at < text.size()) {
    if (is_digit(text[at])) {
      out += text[at++];
      continue;
    }
    const char c = text[at];
    const std::size_t space = narrow_space_at(text, at);
    if (space > 0 && digits_at(text, at + space) == 3) {
      at += space;
    } else if (c == '\'' && digits_at(text, at + 1) == 3) {
      ++at;
    } else if ((c == '.' || c == ',') && digits_at(text, at + 1) > 0) {
      out += text[at++];
    } else {
      break;
    }
  }
  return out;
}

Figure::Reading reading_of(std::string number, char point) {
  std::erase_if(number, [point](char c) { return !is_digit(c) && c != point; });
  const std::size_t cut = number.find(point);
  double step = 1;
  if (cut != std::string::npos) {
    step = std::pow(10.0, -static_cast<double>(number.size() - cut - 1));
    number[cut] = '.';
  }
  return {std::strtod(number.c_str(), nullptr), step};
}

std::vector<Figure::Reading> readings_of(const std::string& number) {
  constexpr char kNoPoint = '\0';
  const auto commas = std::ranges::count(number, ',');
  const auto points = std::ranges::count(number, '.');
  if (commas == 0 && points == 0) return {reading_of(number, kNoPoint)};
  const std::size_t last = number.find_last_of(".,");
  const char mark = number[last];
  if (commas > 0 && points > 0) return {reading_of(number, mark)};
  if (commas + points > 1) return {reading_of(number, kNoPoint)};
  std::vector<Figure::Reading> out{reading_of(number, mark)};
  if (number.size() - last - 1 == 3) out.push_back(reading_of(number, kNoPoint));
  return out;
}

struct Suffix {
  std::string_view word;
  double scale;
  bool is_percent;
};
constexpr std::array<Suffix, 13> kSuffixes{{{"percent", 1, true},
                                            {"per cent", 1, true},
                                            {"pct", 1, true},
                                            {"thousand", 1e3, false},
                                            {"million", 1e6, false},
                                            {"billion", 1e9, false},
                                            {"mio", 1e6, false},
                                            {"mn", 1e6, false},
                                            {"bn", 1e9, false},
                                            {"k", 1e3, false},
                                            {"m", 1e6, false},
                                            {"b", 1e9, false},
                                            {"%", 1, true}}};

void read_suffix(std::string_view text, std::size_t& at, Figure& figure) {
  std::size_t from = at;
  const std::size_t space = narrow_space_at(text, from);
  from += space;
  if (space == 0 && from < text.size() && text[from] == ' ') ++from;
  const std::string rest = lower_ascii(text.substr(from, 12));
  for (const auto& suffix : kSuffixes) {
    if (!rest.starts_with(suffix.word)) continue;
    const std::size_t end = from + suffix.word.size();
    if (suffix.word != "%" && is_letter_at(text, end)) continue;
    figure.is_percent = suffix.is_percent;
    for (auto& reading : figure.readings) {
      reading.value *= suffix.scale;
      reading.step *= suffix.scale;
    }
    figure.is_year = false;
    at = end;
    return;
  }
}

}  // namespace

std::string lower_ascii(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::vector<Figure> figures_in(std::string_view text) {
  std::vector<Figure> out;
  for (std::size_t at = 0; at < text.size();) {
    if (!is_digit(text[at])) {
      ++at;
      continue;
    }
    Figure figure;
    const std::size_t begin = at;
    figure.is_plain = !is_letter_before(text, begin);
    const std::string number = number_at(text, at);
    figure.readings = readings_of(number);
    figure.is_year = number.size() == 4 && std::ranges::all_of(number, is_digit);
    read_suffix(text, at, figure);
    if (is_letter_at(text, at)) figure.is_plain = false;
    figure.begin = begin;
    figure.end = at;
    out.push_back(std::move(figure));
  }
  return out;
}

bool stands_for(const Figure& figure, double value) {
  constexpr double kFarthest = 0.05;  // "1 million" is not said of 1.4 million
  constexpr double kNoise = 1e-9;
  const double size = std::abs(value);
  return std::ranges::any_of(figure.readings, [size](const Figure::Reading& reading) {
    const double off = std::abs(size - reading.value);
    return off <= std::min(0.5 * reading.step, kFarthest * size) + kNoise * std::max(1.0, size);
  });
}

}  // namespace loquat::agents
