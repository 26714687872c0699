#include "loquat/security/key_ring.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include <algorithm>
#include <memory>

#include "base64url.hpp"
#include "loquat/wire/json.hpp"

namespace loquat::security {
namespace {

constexpr std::size_t kKeysMax = 64;
constexpr std::size_t kKeyIdBytesMax = 256;
constexpr int kModulusBitsMin = 2048,
              kModulusBitsMax = 16384;        // RFC 7518, section 3.3; a bound on cost
constexpr std::size_t kCoordinateBytes = 32;  // of P-256

template <auto F>
struct Free {
  template <class T>
  void operator()(T* pointer) const {
    F(pointer);
  }
};
using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;
using Number = std::unique_ptr<BIGNUM, Free<BN_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Free<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Free<OSSL_PARAM_free>>;
using Context = std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX_free>>;
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;

std::string member_text(const wire::JsonNode& node, std::string_view name) {
  const auto* found = node.find(name);
  return found != nullptr && found->kind == wire::JsonNode::Kind::string ? found->string
                                                                         : std::string();
}

const unsigned char* bytes_of(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Key make_key(const char* type, OSSL_PARAM_BLD* builder) {
  const Params params(OSSL_PARAM_BLD_to_param(builder));
  const Context context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* made = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, params.get()) != 1)
    return nullptr;
  return Key(made);
}

Key rsa_key(const wire::JsonNode& jwk) {
  const auto n = decode_base64url(member_text(jwk, "n"));
  const auto e = decode_base64url(member_text(jwk, "e"));
  if (!n || !e || n->empty() || e->empty() || n->size() > kModulusBitsMax / 8 || e->size() > 8)
    return nullptr;
  const Number modulus(BN_bin2bn(bytes_of(*n), static_cast<int>(n->size()), nullptr));
  const Number exponent(BN_bin2bn(bytes_of(*e), static_cast<int>(e->size()), nullptr));
  const Builder builder(OSSL_PARAM_BLD_new());
  if (!modulus || !exponent || !builder || BN_num_bits(modulus.get()) < kModulusBitsMin ||
      BN_is_odd(exponent.get()) == 0 || BN_is_one(exponent.get()) != 0)
    return nullptr;
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get());
  return make_key("RSA", builder.get());
}

Key ec_key(const wire::JsonNode& jwk) {
  const auto x = decode_base64url(member_text(jwk, "x"));
  const auto y = decode_base64url(member_text(jwk, "y"));
  if (member_text(jwk, "crv") != "P-256" || !x || !y || x->size() != kCoordinateBytes ||
      y->size() != kCoordinateBytes)
    return nullptr;
  const std::string point = "\x04" + *x + *y;
  const Builder builder(OSSL_PARAM_BLD_new());
  if (!builder) return nullptr;
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                   point.size());
  auto key = make_key("EC", builder.get());
  if (!key) return nullptr;
  const Context context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  return context && EVP_PKEY_public_check(context.get()) == 1 ? std::move(key) : nullptr;
}

std::string pem_of(EVP_PKEY* key) {
  const Bio bio(BIO_new(BIO_s_mem()));
  if (!bio || PEM_write_bio_PUBKEY(bio.get(), key) != 1) return {};
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::optional<VerifyKey> read_key(const wire::JsonNode& jwk) {
  VerifyKey out;
  const auto type = member_text(jwk, "kty"), use = member_text(jwk, "use"),
             alg = member_text(jwk, "alg");
  Key key;
  if (type == "RSA") {
    out.algorithm = JwtAlgorithm::RS256;
    key = rsa_key(jwk);
  } else if (type == "EC") {
    out.algorithm = JwtAlgorithm::ES256;
    key = ec_key(jwk);
  }
  out.kid = member_text(jwk, "kid");
  const bool is_for_us = (use.empty() || use == "sig") &&
                         (alg.empty() || alg == name_of(out.algorithm)) &&
                         out.kid.size() <= kKeyIdBytesMax;
  if (!key || !is_for_us) return std::nullopt;
  out.material = Secret(pem_of(key.get()));
  return out;
}

}  // namespace

Result<std::vector<VerifyKey>> parse_jwks(std::string_view json) {
  wire::JsonLimits limits;
  limits.bytes_max = 1U << 20U;
  limits.depth_max = 8;
  const auto node = wire::parse_json(json, limits);
  const auto* listed = node ? node->find("keys") : nullptr;
  if (listed == nullptr || listed->kind != wire::JsonNode::Kind::array)
    return fail(Errc::corrupt, "the answer is no JWK set");
  std::vector<VerifyKey> keys;
  for (const auto& jwk : listed->items) {
    if (keys.size() >= kKeysMax) break;
    auto key = read_key(jwk);
    // Keys of different kinds may share a name (RFC 7517, section 4.5).
    const bool is_twice = key && std::ranges::any_of(keys, [&](const auto& k) {
                            return k.kid == key->kid && k.algorithm == key->algorithm;
                          });
    if (key && !is_twice) keys.push_back(std::move(*key));
  }
  if (keys.empty()) return fail(Errc::corrupt, "the JWK set holds no key that may sign tokens");
  return keys;
}

bool KeySchedule::may_fetch_for_unknown(Time now) const noexcept {
  return !is_running_ && (!asked_at_ || now - *asked_at_ >= limits_.cooldown);
}
void KeySchedule::began(Time now) noexcept {
  is_running_ = true;
  asked_at_ = now;
}
void KeySchedule::succeeded(Time now) noexcept {
  is_running_ = false;
  failures_ = 0;
  good_at_ = now;
  next_ = now + limits_.refresh;
}
void KeySchedule::failed(Time now) noexcept {
  constexpr int kDoublingsMax = 6;
  is_running_ = false;
  const auto pause = std::chrono::seconds(1) * (1 << std::min(failures_, kDoublingsMax));
  next_ = now + std::min<Clock::duration>(pause, limits_.refresh);
  ++failures_;
}
bool KeySchedule::is_believed(Time now) const noexcept {
  return good_at_ && now - *good_at_ <= limits_.keep;
}

KeyRing KeyRing::fixed(VerifyKey key) {
  KeyRing ring;
  ring.keys_.push_back(std::move(key));
  ring.is_fixed_ = true;
  return ring;
}

const VerifyKey* KeyRing::find(std::string_view kid, JwtAlgorithm algorithm) const noexcept {
  const VerifyKey* found = nullptr;
  for (const auto& key : keys_) {
    if (key.algorithm != algorithm) continue;
    if (is_fixed_ || (!kid.empty() && key.kid == kid)) return &key;
    if (!kid.empty()) continue;
    if (found != nullptr) return nullptr;  // several would fit: the token must say which
    found = &key;
  }
  return found;
}

}  // namespace loquat::security
