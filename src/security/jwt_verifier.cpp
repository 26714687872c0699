#include "jwt_verifier.hpp"

#include <jwt.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <cmath>
#include <memory>
#include <optional>

#include "base64url.hpp"
#include "loquat/wire/json.hpp"

namespace loquat::security {
namespace {

constexpr std::size_t kTokenBytesMax = 8192;
constexpr std::size_t kSecretBytesMin = 32;  // RFC 7518, section 3.2
constexpr int kRsaBitsMin = 2048;            // RFC 7518, section 3.3
constexpr int kEcBits = 256;                 // P-256, RFC 7518, section 3.4
constexpr std::size_t kKidBytesMax = 256;
constexpr double kLastTime = 253402300799;  // year 9999

Error refuse(std::string_view why) { return fail(Errc::unauthorized, std::string(why)); }

std::optional<wire::JsonNode> decode_part(std::string_view part) {
  const auto text = decode_base64url(part);
  if (!text) return std::nullopt;
  wire::JsonLimits limits;
  limits.depth_max = 8;
  auto node = wire::parse_json(*text, limits);
  if (!node || node->kind != wire::JsonNode::Kind::object) return std::nullopt;
  return std::move(*node);
}

bool is_public_key(const std::string& pem, JwtAlgorithm algorithm) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr), &EVP_PKEY_free);
  if (!key) return false;
  const int type = EVP_PKEY_base_id(key.get()), bits = EVP_PKEY_bits(key.get());
  return algorithm == JwtAlgorithm::RS256 ? type == EVP_PKEY_RSA && bits >= kRsaBitsMin
                                          : type == EVP_PKEY_EC && bits == kEcBits;
}

std::string text_claim(const wire::JsonNode& claims, std::string_view name) {
  const auto* node = claims.find(name);
  return node != nullptr && node->kind == wire::JsonNode::Kind::string ? node->string
                                                                       : std::string();
}

/// A NumericDate; nothing if it is absent. `is_bad` if it is no time.
std::optional<WallTime> time_claim(const wire::JsonNode& claims, std::string_view name,
                                   bool& is_bad) {
  const auto* node = claims.find(name);
  if (node == nullptr) return std::nullopt;
  using Kind = wire::JsonNode::Kind;
  if ((node->kind != Kind::integer && node->kind != Kind::number) || !(node->number >= 0) ||
      node->number > kLastTime) {
    is_bad = true;
    return std::nullopt;
  }
  return WallTime(std::chrono::milliseconds(static_cast<std::int64_t>(node->number * 1000)));
}

bool names(const wire::JsonNode* node, std::string_view wanted) {
  using Kind = wire::JsonNode::Kind;
  if (node == nullptr) return false;
  if (node->kind == Kind::string) return node->string == wanted;
  for (const auto& item : node->items)
    if (item.kind == Kind::string && item.string == wanted) return true;
  return false;
}

jwt_alg_t library_name(JwtAlgorithm algorithm) {
  switch (algorithm) {
    case JwtAlgorithm::HS256:
      return JWT_ALG_HS256;
    case JwtAlgorithm::RS256:
      return JWT_ALG_RS256;
    case JwtAlgorithm::ES256:
      return JWT_ALG_ES256;
  }
  return JWT_ALG_NONE;
}

/// A claim's texts: one, or a list's. Other kinds are no texts.
std::vector<std::string> texts_of(const wire::JsonNode& claim) {
  using Kind = wire::JsonNode::Kind;
  std::vector<std::string> out;
  if (claim.kind == Kind::string) out.push_back(claim.string);
  if (claim.kind == Kind::integer) out.push_back(std::to_string(claim.integer));
  for (const auto& item : claim.items) {
    if (item.kind == Kind::string) out.push_back(item.string);
    if (item.kind == Kind::integer) out.push_back(std::to_string(item.integer));
  }
  return out;
}

bool has_good_signature(const std::string& token, const std::string& key, jwt_alg_t algorithm) {
  jwt_t* raw = nullptr;
  const auto* bytes = reinterpret_cast<const unsigned char*>(key.data());
  const int failed = jwt_decode(&raw, token.c_str(), bytes, static_cast<int>(key.size()));
  const std::unique_ptr<jwt_t, decltype(&jwt_free)> decoded(failed == 0 ? raw : nullptr, &jwt_free);
  return decoded && jwt_get_alg(decoded.get()) == algorithm;
}

}  // namespace

Result<VerifyKey> fixed_key(JwtAlgorithm algorithm, std::string material) {
  if (algorithm == JwtAlgorithm::HS256) {
    if (material.size() < kSecretBytesMin || material.find("-----BEGIN") != std::string::npos)
      return fail(Errc::invalid_request,
                  "auth.jwt.algorithm HS256 needs a secret of 32 bytes or more, and no PEM");
  } else if (!is_public_key(material, algorithm)) {
    return fail(Errc::invalid_request,
                "auth.jwt.algorithm " + std::string(name_of(algorithm)) + " needs " +
                    (algorithm == JwtAlgorithm::RS256 ? "an RSA public key of 2048 bits or more"
                                                      : "a public key on P-256") +
                    ", as PEM");
  }
  VerifyKey key;
  key.algorithm = algorithm;
  key.material = Secret(std::move(material));
  return key;
}

std::optional<std::string> key_name(std::string_view token) {
  if (token.size() > kTokenBytesMax) return std::nullopt;
  const auto header = decode_part(token.substr(0, token.find('.')));
  if (!header) return std::nullopt;
  return text_claim(*header, "kid");
}

Result<Claims> JwtVerifier::verify(std::string_view token, const KeyRing& ring) const {
  if (token.size() > kTokenBytesMax) return refuse("the token is too long");
  const auto first = token.find('.');
  const auto second = first == token.npos ? token.npos : token.find('.', first + 1);
  if (second == token.npos || token.find('.', second + 1) != token.npos)
    return refuse("the token is malformed");
  const auto header = decode_part(token.substr(0, first));
  const auto payload = decode_part(token.substr(first + 1, second - first - 1));
  if (!header || !payload || !decode_base64url(token.substr(second + 1)))
    return refuse("the token is malformed");
  if (text_claim(*header, "alg") != name_of(config_.algorithm))
    return refuse("the token's algorithm is not the configured one");
  if (header->find("crit") != nullptr) return refuse("the token asks for an extension");
  const auto kid = text_claim(*header, "kid");
  if (kid.size() > kKidBytesMax) return refuse("the token is malformed");
  const auto* key = ring.find(kid, config_.algorithm);
  if (key == nullptr) return refuse("the token's key is not known");
  if (!has_good_signature(std::string(token), key->material.reveal(), library_name(key->algorithm)))
    return refuse("the token's signature does not fit");

  bool is_bad = false;
  const auto expires = time_claim(*payload, "exp", is_bad);
  const auto not_before = time_claim(*payload, "nbf", is_bad);
  const auto issued = time_claim(*payload, "iat", is_bad);
  const auto now = wall_->now();
  if (is_bad || !expires) return refuse("the token has no end, or a malformed time");
  if (*expires + config_.leeway <= now) return refuse("the token has expired");
  if (not_before && *not_before - config_.leeway > now) return refuse("the token is not valid yet");
  if (issued && *issued - config_.leeway > now) return refuse("the token is from the future");
  if (!config_.issuer.empty() && text_claim(*payload, "iss") != config_.issuer)
    return refuse("the token has another issuer");
  if (!config_.audience.empty() && !names(payload->find("aud"), config_.audience))
    return refuse("the token is for another audience");

  Claims claims;
  claims.tenant = text_claim(*payload, config_.tenant_claim);
  claims.subject = text_claim(*payload, "sub");
  claims.expires_at = *expires + config_.leeway;
  if (const auto* roles = payload->find(config_.roles_claim)) {
    claims.has_roles = true;
    using Kind = wire::JsonNode::Kind;
    if (roles->kind == Kind::string) claims.roles.push_back(roles->string);
    for (const auto& role : roles->items)
      if (role.kind == Kind::string) claims.roles.push_back(role.string);
  }
  for (const std::string& name : config_.kept_claims)
    if (const auto* claim = payload->find(name)) claims.kept[name] = texts_of(*claim);
  return claims;
}

}  // namespace loquat::security
