#include "loquat/security/key_ring.hpp"

#include <gtest/gtest.h>
#include <jwt.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdlib>

#include "loquat/runtime/sync.hpp"
#include "loquat/security/authenticator.hpp"

namespace loquat::security {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
constexpr long kToday = 24L * 365 * 55 * 3600;  // where ManualClock's wall starts

std::string base64url(const std::string& bytes) {
  static constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out;
  unsigned value = 0, bits = 0;
  for (const char c : bytes) {
    value = (value << 8U) | static_cast<unsigned char>(c);
    for (bits += 8; bits >= 6; bits -= 6) out += kDigits[(value >> (bits - 6)) & 63U];
  }
  if (bits > 0) out += kDigits[(value << (6 - bits)) & 63U];
  return out;
}

std::string number(EVP_PKEY* key, const char* name) {
  BIGNUM* value = nullptr;
  EVP_PKEY_get_bn_param(key, name, &value);
  std::string bytes(static_cast<std::size_t>(BN_num_bytes(value)), '\0');
  BN_bn2bin(value, reinterpret_cast<unsigned char*>(bytes.data()));
  BN_free(value);
  if (std::string_view(name).starts_with("q"))  // a coordinate has its full width
    bytes.insert(0, 32 - bytes.size(), '\0');
  return base64url(bytes);
}

/// A key pair as an issuer has it.
struct IssuerKey {
  std::string kid, private_pem, jwk;
  IssuerKey(std::string name, bool is_ec, unsigned bits = 2048) : kid(std::move(name)) {
    EVP_PKEY* key = is_ec ? EVP_EC_gen("P-256") : EVP_RSA_gen(bits);
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    private_pem.assign(data, static_cast<std::size_t>(size));
    BIO_free(bio);
    jwk = is_ec ? R"({"kty":"EC","crv":"P-256","alg":"ES256","use":"sig","kid":")" + kid +
                      R"(","x":")" + number(key, OSSL_PKEY_PARAM_EC_PUB_X) + R"(","y":")" +
                      number(key, OSSL_PKEY_PARAM_EC_PUB_Y) + R"("})"
                : R"({"kty":"RSA","use":"sig","kid":")" + kid + R"(","n":")" +
                      number(key, OSSL_PKEY_PARAM_RSA_N) + R"(","e":")" +
                      number(key, OSSL_PKEY_PARAM_RSA_E) + R"("})";
    EVP_PKEY_free(key);
  }
  [[nodiscard]] std::string token(jwt_alg_t algorithm) const {
    jwt_t* jwt = nullptr;
    jwt_new(&jwt);
    const auto claims =
        R"({"tenant_id":"acme","sub":"ann","exp":)" + std::to_string(kToday + 600) + "}";
    jwt_add_grants_json(jwt, claims.c_str());
    jwt_add_header(jwt, "kid", kid.c_str());
    jwt_set_alg(jwt, algorithm, reinterpret_cast<const unsigned char*>(private_pem.data()),
                static_cast<int>(private_pem.size()));
    char* text = jwt_encode_str(jwt);
    std::string out = text != nullptr ? text : "";
    std::free(text);
    jwt_free(jwt);
    return out;
  }
};
const IssuerKey& rsa_one() {
  static const IssuerKey made("one", false);
  return made;
}
const IssuerKey& rsa_two() {
  static const IssuerKey made("two", false);
  return made;
}
const IssuerKey& ec() {
  static const IssuerKey made("curve", true);
  return made;
}
std::string set_of(const std::vector<std::string>& jwks) {
  std::string out = R"({"keys":[)";
  for (const auto& jwk : jwks) out += (out.back() == '[' ? "" : ",") + jwk;
  return out + "]}";
}

TEST(Jwks, TakesSigningKeysAndLeavesOthersOut) {
  const auto keys = parse_jwks(
      set_of({R"({"kty":"oct","kid":"s","k":"c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"})",
              R"({"kty":"RSA","kid":"enc","use":"enc","n":"AQAB","e":"AQAB"})",
              IssuerKey("weak", false, 1024).jwk, rsa_one().jwk, ec().jwk,
              R"({"kty":"EC","crv":"P-256","kid":"off","x":")" + std::string(43, 'A') +
                  R"(","y":")" + std::string(43, 'A') + R"("})"}));
  ASSERT_TRUE(keys) << keys.error().detail;
  ASSERT_EQ(keys->size(), 2U);
  EXPECT_EQ(keys->at(0).kid, "one");
  EXPECT_EQ(keys->at(1).algorithm, JwtAlgorithm::ES256);
}
TEST(Jwks, KeysOfTwoKindsMayShareAName) {
  auto curve = ec().jwk;
  const auto at = curve.find("curve");
  ASSERT_NE(at, std::string::npos) << curve;
  curve.replace(at, 5, "one");
  EXPECT_EQ(parse_jwks(set_of({rsa_one().jwk, curve}))->size(), 2U);
  EXPECT_EQ(parse_jwks(set_of({rsa_one().jwk, rsa_one().jwk}))->size(), 1U);
}
TEST(Jwks, RefusesWhatIsNoSetOrHoldsNothingOfUse) {
  for (const auto* text : {"", "[]", "{}", R"({"keys":1})", R"({"keys":[]})", "<html>",
                           R"({"keys":[{"kty":"oct","k":"AAAA"}]})"})
    EXPECT_FALSE(parse_jwks(text)) << text;
}
TEST(KeyRingNames, AreComparedOnlyAndMustBeGivenWhereSeveralFit) {
  KeyRing ring;
  std::vector<VerifyKey> keys(2);
  keys[0].kid = "a";
  keys[1].kid = "b";
  ring.replace(keys);
  EXPECT_NE(ring.find("a", JwtAlgorithm::RS256), nullptr);
  EXPECT_EQ(ring.find("a", JwtAlgorithm::ES256), nullptr) << "a key serves one algorithm";
  EXPECT_EQ(ring.find("", JwtAlgorithm::RS256), nullptr) << "which of the two?";
  EXPECT_EQ(ring.find("../../dev/null", JwtAlgorithm::RS256), nullptr);
  EXPECT_EQ(ring.find("a' OR '1'='1", JwtAlgorithm::RS256), nullptr);
}
TEST(KeySchedule, BelievesOldKeysForTheStatedTimeAndAsksBoundedly) {
  KeySchedule schedule({minutes(5), hours(24), seconds(30)});
  Time now{seconds(1000)};
  EXPECT_FALSE(schedule.is_believed(now));
  EXPECT_TRUE(schedule.may_fetch_for_unknown(now));
  schedule.began(now);
  EXPECT_FALSE(schedule.may_fetch_for_unknown(now)) << "one at a time";
  schedule.succeeded(now);
  EXPECT_EQ(schedule.next_fetch(), now + minutes(5));
  EXPECT_FALSE(schedule.may_fetch_for_unknown(now + seconds(29)));
  EXPECT_TRUE(schedule.may_fetch_for_unknown(now + seconds(30)));
  const Time later = now + hours(23);
  schedule.began(later);
  schedule.failed(later);
  EXPECT_EQ(schedule.next_fetch(), later + seconds(1));
  for (int i = 0; i < 20; ++i) schedule.failed(later);
  EXPECT_LE(schedule.next_fetch(), later + minutes(5));
  EXPECT_TRUE(schedule.is_believed(now + hours(24)));
  EXPECT_FALSE(schedule.is_believed(now + hours(24) + seconds(1)));
}

/// An authenticator that fetches from an issuer in this process.
class Issuer : public testing::Test {
 protected:
  void start(JwtAlgorithm algorithm) {
    AuthConfig config;
    config.mode = AuthMode::jwt;
    config.jwt.algorithm = algorithm;
    config.jwt.jwks_url = "https://id.example/keys";
    KeyPorts ports;
    ports.executor = context_.get_executor();
    ports.fetch = [this](std::string) -> contracts::Task<Result<std::string>> {
      ++fetches_;
      while (is_slow_) co_await slow_->wait();
      if (is_away_) co_return fail(Errc::unavailable, "away");
      co_return published_;
    };
    ports.on_state = [this](bool are_believed, std::string) { are_believed_ = are_believed; };
    auto made = Authenticator::make(config, "0.0.0.0", clock_, std::move(ports));
    ASSERT_TRUE(made) << made.error().detail;
    authenticator_ = std::move(*made);
  }
  bool takes(const std::string& token) {
    boost::asio::co_spawn(context_, authenticator_->learn_keys(token),
                          [](const std::exception_ptr&) {});
    context_.restart();
    context_.run();
    const std::string header = "Bearer " + token;
    Credentials shown;
    shown.authorization = header;
    return authenticator_->authenticate(shown).has_value();
  }
  boost::asio::io_context context_;
  ManualClock clock_;
  std::unique_ptr<Authenticator> authenticator_;
  std::string published_;
  int fetches_ = 0;
  bool is_away_ = false, are_believed_ = false, is_slow_ = false;
  std::unique_ptr<runtime::Notification> slow_ =
      std::make_unique<runtime::Notification>(context_.get_executor());
};

TEST_F(Issuer, RotatesByAskingOnceForAKeyThatIsNotKnown) {
  start(JwtAlgorithm::RS256);
  published_ = set_of({rsa_one().jwk});
  EXPECT_TRUE(takes(rsa_one().token(JWT_ALG_RS256)));
  EXPECT_EQ(fetches_, 1);
  clock_.advance(minutes(1));
  published_ = set_of({rsa_two().jwk});
  EXPECT_TRUE(takes(rsa_two().token(JWT_ALG_RS256)));
  EXPECT_EQ(fetches_, 2);
  EXPECT_FALSE(takes(rsa_one().token(JWT_ALG_RS256))) << "dropped by a good answer: gone at once";
  for (int i = 0; i < 50; ++i) takes(IssuerKey(rsa_one()).token(JWT_ALG_RS256));
  EXPECT_EQ(fetches_, 2) << "made-up names cost the issuer one fetch per cooldown";
}
TEST_F(Issuer, StandsOnWhatItKnowsWhileTheIssuerIsAway) {
  start(JwtAlgorithm::ES256);
  published_ = set_of({ec().jwk});
  EXPECT_TRUE(takes(ec().token(JWT_ALG_ES256)));
  is_away_ = true;
  clock_.advance(minutes(2));
  EXPECT_FALSE(takes(IssuerKey("new", true).token(JWT_ALG_ES256)));
  EXPECT_EQ(fetches_, 2);
  EXPECT_TRUE(are_believed_);
  EXPECT_TRUE(takes(ec().token(JWT_ALG_ES256)));
}
TEST_F(Issuer, WhoAsksAndGoesAwayDoesNotUseUpTheFetch) {
  start(JwtAlgorithm::RS256);
  published_ = set_of({rsa_one().jwk});
  boost::asio::cancellation_signal stop_keeping, go_away;
  boost::asio::co_spawn(
      context_, authenticator_->keep_keys(),
      boost::asio::bind_cancellation_slot(stop_keeping.slot(), [](const std::exception_ptr&) {}));
  context_.poll();
  EXPECT_EQ(fetches_, 1);
  clock_.advance(minutes(1));
  published_ = set_of({rsa_two().jwk});
  is_slow_ = true;
  boost::asio::co_spawn(
      context_, authenticator_->learn_keys(rsa_two().token(JWT_ALG_RS256)),
      boost::asio::bind_cancellation_slot(go_away.slot(), [](const std::exception_ptr&) {}));
  context_.poll();
  go_away.emit(boost::asio::cancellation_type::terminal);
  context_.poll();
  is_slow_ = false;
  slow_->notify_all();
  context_.poll();
  const std::string header = "Bearer " + rsa_two().token(JWT_ALG_RS256);
  Credentials shown;
  shown.authorization = header;
  EXPECT_TRUE(authenticator_->authenticate(shown));
  EXPECT_EQ(fetches_, 2);
  stop_keeping.emit(boost::asio::cancellation_type::terminal);
  context_.run();
}
TEST_F(Issuer, IsNeverBelievedWithASharedSecret) {
  start(JwtAlgorithm::RS256);
  published_ = set_of({rsa_one().jwk});
  ASSERT_TRUE(takes(rsa_one().token(JWT_ALG_RS256)));
  EXPECT_FALSE(takes(rsa_one().token(JWT_ALG_RS384)));
  EXPECT_FALSE(takes(rsa_one().token(JWT_ALG_HS256))) << "the key's PEM as a secret";
  AuthConfig config;
  config.mode = AuthMode::jwt;
  config.jwt.jwks_url = "https://id.example/keys";
  EXPECT_FALSE(Authenticator::make(config, "0.0.0.0", clock_)) << "HS256 by URL";
}

}  // namespace
}  // namespace loquat::security
