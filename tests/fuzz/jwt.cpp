// rooms: security
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <cstdlib>
#include <string>
#include <string_view>

#include "loquat/security/key_ring.hpp"
#include "security/jwt_verifier.hpp"

namespace {

using namespace loquat;

constexpr std::string_view kKey = "a-key-of-the-fuzzers-that-has-forty-bytes";

class FixedWall final : public WallClock {
 public:
  WallTime now() const override { return WallTime(std::chrono::milliseconds(1'700'000'000'000)); }
};

std::string encoded(std::string_view bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(size));
  while (out.ends_with('=')) out.pop_back();
  for (char& c : out) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return out;
}

/// A token of these claims whose signature is good, so that what comes behind it is reached.
std::string signed_token(std::string_view header, std::string_view claims) {
  const std::string text = encoded(header) + "." + encoded(claims);
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), kKey.data(), static_cast<int>(kKey.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac.data(), &size);
  return text + "." + encoded({reinterpret_cast<const char*>(mac.data()), size});
}

}  // namespace

/// The first byte chooses: a raw token, signed claims, a signed header and claims, or a key set.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  static const FixedWall wall;
  static const security::JwtVerifier verifier(
      [] {
        security::JwtConfig config;
        config.issuer = "issuer";
        config.audience = "loquat";
        config.kept_claims = {"region"};
        return config;
      }(),
      wall);
  static const auto ring = security::KeyRing::fixed(
      security::fixed_key(security::JwtAlgorithm::HS256, std::string(kKey)).value());
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  constexpr std::string_view kHeader = R"({"alg":"HS256","typ":"JWT"})";
  switch (data[0] % 4) {
    case 0:
      // What is not signed with the key must never be believed.
      if (security::key_name(text) && verifier.verify(text, ring)) std::abort();
      break;
    case 1:
      (void)verifier.verify(signed_token(kHeader, text), ring);
      break;
    case 2: {
      const auto half = text.find('\n');
      if (half == text.npos) break;
      const auto token = signed_token(text.substr(0, half), text.substr(half + 1));
      const auto claims = verifier.verify(token, ring);
      if (claims && claims->expires_at <= wall.now()) std::abort();
      break;
    }
    default:
      if (const auto keys = security::parse_jwks(text))
        for (const auto& key : *keys)
          if (key.algorithm == security::JwtAlgorithm::HS256) std::abort();
  }
  return 0;
}
