#include <gtest/gtest.h>
#include <jwt.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <cstdlib>
#include <fstream>
#include <memory>

#include "loquat/security/authenticator.hpp"

namespace loquat::security {
namespace {

constexpr std::string_view kSecret = "0123456789abcdef0123456789abcdef";
constexpr long kNow = 24L * 365 * 55 * 3600;  // where ManualClock's wall starts

struct RsaPair {
  std::string public_pem, private_pem;
};

std::string drain(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  return text;
}

RsaPair make_pair(unsigned bits) {
  EVP_PKEY* key = EVP_RSA_gen(bits);
  BIO* open = BIO_new(BIO_s_mem());
  PEM_write_bio_PUBKEY(open, key);
  BIO* closed = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(closed, key, nullptr, nullptr, 0, nullptr, nullptr);
  EVP_PKEY_free(key);
  return {drain(open), drain(closed)};
}
const RsaPair& pair() {
  static const RsaPair made = make_pair(2048);
  return made;
}

std::string sign(jwt_alg_t algorithm, std::string_view key, std::string_view claims) {
  jwt_t* jwt = nullptr;
  jwt_new(&jwt);
  jwt_add_grants_json(jwt, std::string(claims).c_str());
  const std::string owned(key);
  jwt_set_alg(jwt, algorithm, reinterpret_cast<const unsigned char*>(owned.data()),
              static_cast<int>(owned.size()));
  char* text = jwt_encode_str(jwt);
  std::string token = text != nullptr ? text : "";
  std::free(text);
  jwt_free(jwt);
  return token;
}

std::string claims(std::string_view more = "", long end = kNow + 600) {
  return R"({"tenant_id":"acme","sub":"ann","exp":)" + std::to_string(end) + std::string(more) +
         "}";
}

JwtConfig hs_config() {
  JwtConfig config;
  config.key = Secret(std::string(kSecret));
  return config;
}
JwtConfig rs_config() {
  JwtConfig config;
  config.algorithm = JwtAlgorithm::RS256;
  config.key = Secret(pair().public_pem);
  return config;
}

class Jwt : public testing::Test {
 protected:
  Result<contracts::Principal> ask(const JwtConfig& jwt, std::string_view token,
                                   std::string_view tenant = "", std::string_view user = "") {
    AuthConfig config;
    config.mode = AuthMode::jwt;
    config.jwt = jwt;
    const auto made = Authenticator::make(config, "0.0.0.0", clock_);
    if (!made) return made.error();
    const std::string header = "Bearer " + std::string(token);
    Credentials shown;
    if (!token.empty()) shown.authorization = header;
    shown.tenant_header = tenant;
    shown.user_header = user;
    return (*made)->authenticate(shown);
  }
  Errc code_of(const JwtConfig& jwt, std::string_view token, std::string_view tenant = "",
               std::string_view user = "") {
    const auto principal = ask(jwt, token, tenant, user);
    EXPECT_FALSE(principal);
    return principal ? Errc::internal : principal.error().code;
  }
  ManualClock clock_;
};

TEST_F(Jwt, TakesGoodTokensOfBothAlgorithms) {
  const auto hs = ask(hs_config(), sign(JWT_ALG_HS256, kSecret, claims(R"(,"roles":["viewer"])")));
  ASSERT_TRUE(hs) << hs.error().detail;
  EXPECT_EQ(hs->tenant_id, "acme");
  EXPECT_EQ(hs->user_id, "ann");
  EXPECT_EQ(hs->roles, std::vector<std::string>{"viewer"});
  EXPECT_EQ(hs->auth_method, "jwt");
  const auto rs = ask(rs_config(), sign(JWT_ALG_RS256, pair().private_pem, claims()));
  ASSERT_TRUE(rs) << rs.error().detail;
  EXPECT_EQ(rs->roles, std::vector<std::string>{"analyst"}) << "the default role";
}
TEST_F(Jwt, RefusesATokenItHasTakenBeforeOnceItsTimeIsOver) {
  AuthConfig config;
  config.mode = AuthMode::jwt;
  config.jwt = hs_config();
  const auto made = Authenticator::make(config, "0.0.0.0", clock_);
  ASSERT_TRUE(made);
  const std::string header = "Bearer " + sign(JWT_ALG_HS256, kSecret, claims());
  const std::string other = "Bearer " + sign(JWT_ALG_HS256, kSecret, claims(R"(,"n":1)"));
  Credentials shown;
  for (int i = 0; i < 2; ++i) {
    shown.authorization = header;
    ASSERT_TRUE((*made)->authenticate(shown));
    shown.tenant_header = "globex";
    EXPECT_FALSE((*made)->authenticate(shown)) << "what else is shown is looked at each time";
    shown.tenant_header = "";
    const std::string forged = header.substr(0, header.size() - 6) + "AAAAAA";
    shown.authorization = forged;
    EXPECT_FALSE((*made)->authenticate(shown)) << "a good head and body with another signature";
  }
  clock_.advance(std::chrono::hours(1));
  for (const auto& late : {header, other}) {
    shown.authorization = late;
    EXPECT_FALSE((*made)->authenticate(shown));
  }
}
TEST_F(Jwt, RefusesAPublicKeyUsedAsSharedSecret) {
  const auto forged = sign(JWT_ALG_HS256, pair().public_pem, claims());
  ASSERT_FALSE(forged.empty());
  EXPECT_EQ(code_of(rs_config(), forged), Errc::unauthorized);
}
TEST_F(Jwt, RefusesEveryAlgorithmButTheConfiguredOne) {
  EXPECT_EQ(code_of(hs_config(), sign(JWT_ALG_HS512, kSecret, claims())), Errc::unauthorized);
  EXPECT_EQ(code_of(hs_config(), sign(JWT_ALG_RS256, pair().private_pem, claims())),
            Errc::unauthorized);
  EXPECT_EQ(code_of(rs_config(), sign(JWT_ALG_RS512, pair().private_pem, claims())),
            Errc::unauthorized);
}
TEST_F(Jwt, RefusesTokensWithoutSignature) {
  const auto unsigned_token = sign(JWT_ALG_NONE, "", claims());
  EXPECT_EQ(code_of(hs_config(), unsigned_token), Errc::unauthorized);
  const auto good = sign(JWT_ALG_HS256, kSecret, claims());
  EXPECT_EQ(code_of(hs_config(), good.substr(0, good.rfind('.') + 1)), Errc::unauthorized);
}
TEST_F(Jwt, RefusesAnotherKeyAndAnyChange) {
  EXPECT_EQ(code_of(hs_config(), sign(JWT_ALG_HS256, "another-secret-another-secret-xx", claims())),
            Errc::unauthorized);
  const auto good = sign(JWT_ALG_HS256, kSecret, claims());
  const auto other = sign(JWT_ALG_HS256, kSecret, claims(R"(,"roles":["operator"])"));
  const auto mixed = other.substr(0, other.rfind('.')) + good.substr(good.rfind('.'));
  EXPECT_EQ(code_of(hs_config(), mixed), Errc::unauthorized);
  EXPECT_EQ(code_of(hs_config(), good + "="), Errc::unauthorized);
  EXPECT_EQ(code_of(hs_config(), "a.b"), Errc::unauthorized);
  EXPECT_EQ(code_of(hs_config(), ""), Errc::unauthorized);
  EXPECT_EQ(code_of(hs_config(), std::string(9000, 'a')), Errc::unauthorized);
}
TEST_F(Jwt, HoldsTimesWithLeeway) {
  const auto at = [&](std::string_view more, long end) {
    return sign(JWT_ALG_HS256, kSecret, claims(more, end));
  };
  EXPECT_TRUE(ask(hs_config(), at("", kNow - 29)));
  EXPECT_EQ(code_of(hs_config(), at("", kNow - 31)), Errc::unauthorized);
  EXPECT_TRUE(ask(hs_config(), at(R"(,"nbf":)" + std::to_string(kNow + 29), kNow + 60)));
  EXPECT_EQ(code_of(hs_config(), at(R"(,"nbf":)" + std::to_string(kNow + 31), kNow + 60)),
            Errc::unauthorized);
  EXPECT_EQ(code_of(hs_config(), sign(JWT_ALG_HS256, kSecret, R"({"tenant_id":"a","sub":"b"})")),
            Errc::unauthorized)
      << "a token without an end";
}
TEST_F(Jwt, HoldsIssuerAndAudience) {
  auto config = hs_config();
  config.issuer = "https://id.example";
  config.audience = "loquat";
  const auto with = [&](std::string_view more) {
    return sign(JWT_ALG_HS256, kSecret, claims(more));
  };
  EXPECT_TRUE(ask(config, with(R"(,"iss":"https://id.example","aud":["x","loquat"])")));
  EXPECT_TRUE(ask(config, with(R"(,"iss":"https://id.example","aud":"loquat")")));
  EXPECT_EQ(code_of(config, with(R"(,"iss":"https://other","aud":"loquat")")), Errc::unauthorized);
  EXPECT_EQ(code_of(config, with(R"(,"iss":"https://id.example","aud":"y")")), Errc::unauthorized);
  EXPECT_EQ(code_of(config, with(R"(,"iss":"https://id.example")")), Errc::unauthorized);
}
TEST_F(Jwt, TenantComesFromTheTokenAlone) {
  const auto good = sign(JWT_ALG_HS256, kSecret, claims());
  EXPECT_TRUE(ask(hs_config(), good, "acme", "ann"));
  EXPECT_EQ(code_of(hs_config(), good, "other"), Errc::forbidden);
  EXPECT_EQ(code_of(hs_config(), good, "acme", "bob"), Errc::forbidden);
  auto renamed = hs_config();
  renamed.tenant_claim = "org";
  EXPECT_EQ(code_of(renamed, good), Errc::unauthorized);
  const auto own = R"({"tenant_id":"_unauthenticated","sub":"x","exp":)" + std::to_string(kNow + 9);
  EXPECT_EQ(code_of(hs_config(), sign(JWT_ALG_HS256, kSecret, own + "}")), Errc::unauthorized);
}
TEST_F(Jwt, KeepsNumbersOfClaimsWholeForRowFilters) {
  auto config = hs_config();
  config.kept_claims = {"account_id", "regions"};
  const auto token =
      sign(JWT_ALG_HS256, kSecret,
           claims(R"(,"account_id":9007199254740993,"regions":[-1,1830000000000000001])"));
  const auto principal = ask(config, token);
  ASSERT_TRUE(principal);
  EXPECT_EQ(principal->attributes.at("account_id"), std::vector<std::string>{"9007199254740993"});
  EXPECT_EQ(principal->attributes.at("regions"),
            (std::vector<std::string>{"-1", "1830000000000000001"}));
}
TEST_F(Jwt, RefusesToStartWithKeysThatDoNotFit) {
  AuthConfig config;
  config.mode = AuthMode::jwt;
  EXPECT_FALSE(Authenticator::make(config, "0.0.0.0", clock_)) << "no key";
  config.jwt.key = Secret("short");
  EXPECT_FALSE(Authenticator::make(config, "0.0.0.0", clock_));
  config.jwt.key = Secret(pair().public_pem);
  EXPECT_FALSE(Authenticator::make(config, "0.0.0.0", clock_)) << "PEM as shared secret";
  config.jwt.algorithm = JwtAlgorithm::RS256;
  EXPECT_TRUE(Authenticator::make(config, "0.0.0.0", clock_));
  config.jwt.key = Secret(make_pair(1024).public_pem);
  EXPECT_FALSE(Authenticator::make(config, "0.0.0.0", clock_)) << "a weak key";
}
TEST_F(Jwt, OpenModeIsForLoopbackOnlyAndBelievesHeaders) {
  const AuthConfig config;
  EXPECT_FALSE(Authenticator::make(config, "0.0.0.0", clock_));
  const auto made = Authenticator::make(config, "127.0.0.1", clock_);
  ASSERT_TRUE(made);
  EXPECT_EQ((*made)->authenticate({})->tenant_id, "demo");
  Credentials shown;
  shown.tenant_header = "t1";
  shown.user_header = "u1";
  EXPECT_EQ((*made)->authenticate(shown)->tenant_id, "t1");
  EXPECT_EQ((*made)->authenticate(shown)->user_id, "u1");
  shown.tenant_header = "_unauthenticated";
  EXPECT_FALSE((*made)->authenticate(shown));
}

}  // namespace
}  // namespace loquat::security
