#include "derived_id.hpp"

#include "loquat/security/audit_chain.hpp"

namespace loquat::feedback {

std::string derived_id(std::string_view prefix, std::initializer_list<std::string_view> sources) {
  std::string text;
  for (const auto source : sources) {
    if (!text.empty()) text += '\x1f';
    text += source;
  }
  std::string hex = security::sha256_hex(text);
  hex[12] = '8';
  hex[16] = 'a';
  return std::string(prefix) + "-" + hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" +
         hex.substr(12, 4) + "-" + hex.substr(16, 4) + "-" + hex.substr(20, 12);
}

}  // namespace loquat::feedback
