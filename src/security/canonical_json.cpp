#include "canonical_json.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <memory>

#include "loquat/security/audit_chain.hpp"
#include "loquat/wire/json.hpp"

namespace loquat::security {
namespace {

/// RFC 8785 sorts by UTF-16 code units. That differs from byte order only between U+E000..U+FFFF
/// and what lies above, whose surrogates come first: move those lead bytes before the others.
bool utf16_less(std::string_view a, std::string_view b) {
  const auto rank = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0xF0) return byte - 0x02;                        // surrogates, below U+E000
    return byte >= 0xEE ? byte + 0x08 : static_cast<int>(byte);  // U+E000 and up
  };
  return std::ranges::lexicographical_compare(a, b, {}, rank, rank);
}

/// A double as ECMAScript writes it (RFC 8785, section 3.2.2.3): shortest digits, plain notation
/// from 1e-6 up to 1e21.
void append_number(std::string& out, double value) {
  if (value == 0) {
    out += '0';
    return;
  }
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                 std::chars_format::scientific)
                       .ptr;
  std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  if (text.starts_with('-')) {
    out += '-';
    text.remove_prefix(1);
  }
  const auto e = text.find('e');
  std::string digits(1, text.front());
  if (e > 2) digits.append(text.substr(2, e - 2));
  const int exponent = std::stoi(std::string(text.substr(e + 1)));
  const int count = static_cast<int>(digits.size());
  const int point = exponent + 1;  // digits before the decimal point
  const auto zeros = [](int n) { return std::string(static_cast<std::size_t>(n), '0'); };
  if (point > 21 || point < -5) {
    out += digits.front();
    if (count > 1) out.append(".").append(digits, 1);
    out.append(exponent < 0 ? "e-" : "e+").append(std::to_string(std::abs(exponent)));
  } else if (point <= 0) {
    out.append("0.").append(zeros(-point)).append(digits);
  } else if (count <= point) {
    out.append(digits).append(zeros(point - count));
  } else {
    digits.insert(static_cast<std::size_t>(point), ".");
    out += digits;
  }
}

}  // namespace

void append_canonical(std::string& out, std::string_view text) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  static constexpr std::string_view kShort = "\b\t\n\f\r\"\\";
  static constexpr std::string_view kLetters = "btnfr\"\\";
  out += '"';
  std::size_t plain = 0;  // what needs no escape is copied in one piece
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0x20 && byte != '"' && byte != '\\') continue;
    out.append(text, plain, i - plain);
    plain = i + 1;
    if (const auto at = kShort.find(text[i]); at != std::string_view::npos) {
      out += '\\';
      out += kLetters[at];
    } else {
      out += "\\u00";
      out += kHex[byte >> 4U];
      out += kHex[byte & 15U];
    }
  }
  out.append(text, plain);
  out += '"';
}

namespace {

void append(std::string& out, const wire::JsonNode& node) {
  using Kind = wire::JsonNode::Kind;
  switch (node.kind) {
    case Kind::null:
      out += "null";
      return;
    case Kind::boolean:
      out += node.boolean ? "true" : "false";
      return;
    case Kind::integer:
    case Kind::number:
      append_number(out, node.number);
      return;
    case Kind::string:
      append_canonical(out, node.string);
      return;
    case Kind::array: {
      out += '[';
      for (std::size_t i = 0; i < node.items.size(); ++i) {
        if (i > 0) out += ',';
        append(out, node.items[i]);
      }
      out += ']';
      return;
    }
    case Kind::object: {
      std::vector<const wire::JsonMember*> members;
      for (const auto& member : node.members) members.push_back(&member);
      std::ranges::sort(members,
                        [](const auto* a, const auto* b) { return utf16_less(a->key, b->key); });
      out += '{';
      for (std::size_t i = 0; i < members.size(); ++i) {
        if (i > 0) out += ',';
        append_canonical(out, members[i]->key);
        out += ':';
        append(out, members[i]->value);
      }
      out += '}';
      return;
    }
  }
}

}  // namespace

Result<std::string> canonical_json(std::string_view json) {
  const auto node = wire::parse_json(json);
  if (!node) return node.error();
  return canonical_json(*node);
}

std::string canonical_json(const wire::JsonNode& node) {
  std::string out;
  out.reserve(1'024);
  append(out, node);
  return out;
}

std::string sha256_hex(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  // Fetched once: asking for it by name takes longer than hashing a short text.
  static const std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> sha256(
      EVP_MD_fetch(nullptr, "SHA256", nullptr), &EVP_MD_free);
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, sha256.get(), nullptr);
  static constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  out.reserve(std::size_t{2} * size);
  for (unsigned int i = 0; i < size; ++i) {
    out += kHex[digest[i] >> 4U];
    out += kHex[digest[i] & 15U];
  }
  return out;
}

}  // namespace loquat::security
