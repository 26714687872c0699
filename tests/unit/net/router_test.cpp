#include "loquat/net/router.hpp"

#include <gtest/gtest.h>

namespace loquat::net {
namespace {

Handler named(std::string name) {
  return [name](Request) -> Task<Response> { co_return make_response(200, "text/plain", name); };
}

Router sample() {
  Router router;
  router.add(Method::get, "/sessions/{id}", named("get"));
  router.add(Method::delete_, "/sessions/{id}", named("delete"));
  router.add(Method::get, "/sessions/latest", named("latest"));
  router.add(Method::get, "/schemas/{name}.json", named("schema"));
  router.add(Method::get, "/lineage/{fqn}/upstream", named("upstream"));
  return router;
}

TEST(Router, LiteralSegmentWinsOverParameterWhateverWasAddedFirst) {
  const auto router = sample();
  EXPECT_EQ(router.find(Method::get, "/sessions/latest").pattern, "/sessions/latest");
  EXPECT_EQ(router.find(Method::get, "/sessions/other").pattern, "/sessions/{id}");
}
TEST(Router, GivesDecodedParameters) {
  const auto router = sample();
  const auto match = router.find(Method::get, "/lineage/db%2Emain.a%2Fb%20c/upstream");
  ASSERT_NE(match.handler, nullptr);
  ASSERT_EQ(match.params.size(), 1U);
  EXPECT_EQ(match.params[0].second, "db.main.a/b c");
}
TEST(Router, ParameterStandsBetweenLiteralText) {
  const auto router = sample();
  EXPECT_EQ(router.find(Method::get, "/schemas/AuditEvent.json").params[0].second, "AuditEvent");
  EXPECT_EQ(router.find(Method::get, "/schemas/.json").handler, nullptr);
  EXPECT_EQ(router.find(Method::get, "/schemas/AuditEvent.xml").handler, nullptr);
}
TEST(Router, NamesTheMethodsOfAPathThatTakesOthers) {
  const auto router = sample();
  const auto match = router.find(Method::post, "/sessions/x");
  EXPECT_EQ(match.handler, nullptr);
  EXPECT_TRUE(lists_token(match.allow, "GET"));
  EXPECT_TRUE(lists_token(match.allow, "HEAD"));
  EXPECT_TRUE(lists_token(match.allow, "DELETE"));
}
TEST(Router, AnswersHeadByGet) {
  EXPECT_EQ(sample().find(Method::head, "/sessions/x").pattern, "/sessions/{id}");
}
TEST(Router, UnknownPathHasNeitherHandlerNorAllow) {
  const auto match = sample().find(Method::get, "/sessions/x/y");
  EXPECT_EQ(match.handler, nullptr);
  EXPECT_TRUE(match.allow.empty());
}
TEST(Router, FallbackTakesUnknownPathsButNoWrongMethods) {
  auto router = sample();
  router.set_fallback(named("page"));
  EXPECT_NE(router.find(Method::get, "/app.js").handler, nullptr);
  EXPECT_EQ(router.find(Method::post, "/sessions/x").handler, nullptr);
}
TEST(Router, RefusesMalformedEscapesAndNul) {
  const auto router = sample();
  for (const auto* path : {"/sessions/%", "/sessions/%4", "/sessions/%zz", "/sessions/a%00b"})
    EXPECT_EQ(router.find(Method::get, path).handler, nullptr) << path;
}

}  // namespace
}  // namespace loquat::net
