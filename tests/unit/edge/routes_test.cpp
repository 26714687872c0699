#include "loquat/edge/routes.hpp"

#include <gtest/gtest.h>

#include "loquat/runtime/sync.hpp"
#include "support/door/world.hpp"

namespace loquat::edge {
namespace {

struct EchoBody {
  std::string text;
  std::optional<int> stars;
  template <class V>
  void fields(V& v) {
    v("text", text, "Any.", len(1, 20));
    v("stars", stars, "Some.", in(1, 5));
  }
};

class Edge : public testing::Test {
 public:
  Edge() {
    RouteSpec echo;
    echo.method = net::Method::post;
    echo.pattern = "/echo/{id}";
    echo.right = security::Right::respond;
    echo.action = "echo.create";
    echo.summary = "Gives back.";
    echo.resource_type = "echo";
    echo.resource_param = "id";
    echo.request_schema = wire::inline_schema<EchoBody>();
    echo.success = 201;
    echo.idempotent = true;
    world.routes->add(echo, [this](Call& call) -> Task<Result<Reply>> {
      auto body = call.body<EchoBody>();
      if (!body) co_return body.error();
      ++runs;
      if (wait_for_release) co_await released->wait();
      if (body->text == "fail") co_return fail(Errc::io, "/secret/path is gone");
      co_return reply(*body);
    });
    RouteSpec named;
    named.method = net::Method::post;
    named.pattern = "/named";
    named.right = security::Right::respond;
    named.action = "named.create";
    named.resource_type = "echo";
    named.resource_member = "echo_id";
    named.told = {"stars", "kind", "by"};
    named.request_schema = wire::inline_schema<EchoBody>();
    named.query = {{"by", "Any."}};
    world.routes->add(named, [this](Call& call) -> Task<Result<Reply>> {
      auto body = call.body<EchoBody>();
      if (!body) co_return body.error();
      ++runs;
      if (body->text == "make") call.made_id = "made-1";
      co_return reply(*body);
    });
    RouteSpec operate;
    operate.pattern = "/operate";
    operate.right = security::Right::operate;
    operate.action = "operate";
    RouteSpec ask;
    ask.pattern = "/ask";
    ask.right = security::Right::ask;
    ask.action = "ask";
    world.routes->add(ask, [this](Call&) -> Task<Result<Reply>> {
      if (refuse_turns) co_return fail(Errc::overloaded, "the line is full");
      co_return reply_json("1");
    });
    RouteSpec read;
    read.pattern = "/read";
    read.action = "read";
    read.query = {{"limit", "Most items."}};
    world.routes->add(read, [](Call&) -> Task<Result<Reply>> { co_return reply_json("1"); });
    world.routes->add(operate, [](Call&) -> Task<Result<Reply>> { co_return reply_json("1"); });
  }

  net::Request post(std::string body, std::string key = "") {
    net::Request request;
    request.method = net::Method::post;
    request.method_text = "POST";
    request.path = "/echo/e1";
    request.body = std::move(body);
    request.headers.set("Content-Type", "application/json; charset=utf-8");
    if (!key.empty()) request.headers.set("X-Idempotency-Key", std::move(key));
    return request;
  }
  net::Response send(net::Request request) {
    net::Response response;
    test::run_on(context, [](Edge& t, net::Request r, net::Response& out) -> Task<void> {
      out = co_await t.world.routes->handle(std::move(r));
    }(*this, std::move(request), response));
    return response;
  }
  static wire::JsonNode json(const net::Response& response) {
    auto node = wire::parse_json(response.body);
    EXPECT_TRUE(node) << response.body;
    return node ? *node : wire::JsonNode();
  }
  static std::string error_code(const net::Response& response) {
    return json(response).find("errors")->items.at(0).find("code")->string;
  }

  boost::asio::io_context context;
  test::EdgeWorld world;
  int status_of(std::string path) {
    net::Request request;
    request.path = std::move(path);
    return send(std::move(request)).status;
  }
  int runs = 0;
  bool refuse_turns = false;
  bool wait_for_release = false;
  std::unique_ptr<runtime::Notification> released =
      std::make_unique<runtime::Notification>(context.get_executor());
};

TEST_F(Edge, PutsAnAnswerIntoTheEnvelope) {
  auto request = post(R"({"text":"hi","more":1})");
  request.headers.set("X-Request-ID", "r-17");
  const auto response = send(std::move(request));
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.headers.get("X-Request-ID"), "r-17");
  const auto node = json(response);
  EXPECT_TRUE(node.find("success")->boolean);
  EXPECT_EQ(node.find("data")->find("text")->string, "hi");
  EXPECT_EQ(node.find("request_id")->string, "r-17");
  EXPECT_EQ(node.find("warnings")->items.at(0).find("code")->string, "UNKNOWN_FIELD");
  for (const auto* name : {"errors", "degraded", "execution_time_ms"})
    EXPECT_NE(node.find(name), nullptr) << name;
}
TEST_F(Edge, WarnsOfAParameterThatTheRouteHasNot) {
  net::Request request;
  request.path = "/read";
  request.query = {{"limt", "5"}, {"limit", "5"}};
  const auto response = send(std::move(request));
  EXPECT_EQ(response.status, 200);
  const auto node = json(response);
  const auto& warnings = node.find("warnings")->items;
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_EQ(warnings[0].find("code")->string, "UNKNOWN_PARAMETER");
  EXPECT_EQ(warnings[0].find("message")->string,
            "/query/limt is not known and was ignored. Known: limit.");
}
TEST_F(Edge, NamesEveryWrongField) {
  const auto response = send(post(R"({"text":7,"stars":9})"));
  EXPECT_EQ(response.status, 400);
  const auto node = json(response);
  const auto& errors = node.find("errors")->items;
  ASSERT_EQ(errors.size(), 2U);
  EXPECT_EQ(errors[0].find("field")->string, "/text");
  EXPECT_EQ(errors[1].find("field")->string, "/stars");
  EXPECT_EQ(runs, 0);
}
TEST_F(Edge, TellsTypesPathsAndMethodsApart) {
  auto form = post("text=hi");
  form.headers.set("Content-Type", "application/x-www-form-urlencoded");
  EXPECT_EQ(send(std::move(form)).status, 415);
  EXPECT_EQ(send(post("{")).status, 400);
  auto wrong = post("{}");
  wrong.method = net::Method::put;
  const auto response = send(std::move(wrong));
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(response.headers.get("Allow"), "POST");
  auto unknown = post("{}");
  unknown.path = "/nothing";
  EXPECT_EQ(error_code(send(std::move(unknown))), "NOT_FOUND");
}
TEST_F(Edge, KeepsWhatWentWrongInsideToItself) {
  const auto response = send(post(R"({"text":"fail"})"));
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(response.body.find("secret"), std::string::npos);
}
TEST_F(Edge, RecordsEachAccessInAChain) {
  send(post(R"({"text":"a"})"));
  send(post(R"({"text":"b"})"));
  const auto audits = world.publisher.audits();
  ASSERT_EQ(audits.size(), 2U);
  EXPECT_EQ(audits[0].action, "echo.create");
  EXPECT_EQ(audits[0].resource.id, "e1");
  EXPECT_EQ(audits[0].tenant_id, "demo");
  EXPECT_TRUE(security::verify_chain(audits).empty());
}
TEST_F(Edge, RecordsWhatTheBodyNamesAndNothingElseOfIt) {
  const auto named = [this](std::string body) {
    auto request = post(std::move(body));
    request.path = "/named";
    return request;
  };
  auto good = named(R"({"text":"my secret","stars":4,"echo_id":"e-7","kind":"Jane Doe, 12 Elm"})");
  good.query = {{"by", "day"}};
  EXPECT_EQ(send(std::move(good)).status, 200);
  EXPECT_EQ(send(named(R"({"text":"make","stars":5,"echo_id":["e-7"]})")).status, 200);
  EXPECT_EQ(send(named(R"({"text":"a","stars":9})")).status, 400);
  EXPECT_EQ(send(named("{")).status, 400);
  EXPECT_EQ(runs, 2);
  const auto audits = world.publisher.audits();
  ASSERT_EQ(audits.size(), 7U);
  EXPECT_EQ(audits[0].resource.id, "e-7");
  EXPECT_EQ(audits[0].details.text, R"({"stars":"4","by":"day"})") << "no free text";
  EXPECT_EQ(audits[1].resource.id, "") << "a list names nothing";
  EXPECT_EQ(audits[2].resource.id, "made-1");
  EXPECT_EQ(audits[2].outcome, wire::AuditOutcome::allowed);
  EXPECT_EQ(audits[4].outcome, wire::AuditOutcome::error);
  EXPECT_EQ(audits[4].details.text, R"({"stars":"9","status":400})");
  EXPECT_EQ(audits[6].outcome, wire::AuditOutcome::error);
  EXPECT_TRUE(security::verify_chain(audits).empty());
}
TEST_F(Edge, RefusesAnAccessWhoseRecordCannotBeKept) {
  world.publisher.is_full = true;
  const auto response = send(post(R"({"text":"a"})"));
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(error_code(response), "BUFFER_FULL");
  EXPECT_TRUE(response.headers.has("Retry-After"));
  EXPECT_EQ(runs, 0);
}
TEST_F(Edge, AKeyMeansOneEffect) {
  const auto first = send(post(R"({"text":"a"})", "k1"));
  const auto second = send(post(R"({"text":"a"})", "k1"));
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(second.status, 201);
  EXPECT_EQ(second.body, first.body);
  EXPECT_EQ(error_code(send(post(R"({"text":"b"})", "k1"))), "CONFLICT");
  EXPECT_EQ(send(post(R"({"text":"a"})", "k2")).status, 201);
  EXPECT_EQ(runs, 2);
}
TEST_F(Edge, AFailureKeepsNoKey) {
  EXPECT_EQ(send(post(R"({"text":"fail"})", "k1")).status, 500);
  EXPECT_EQ(send(post(R"({"text":"fail"})", "k1")).status, 500);
  EXPECT_EQ(runs, 2);
}
TEST_F(Edge, AKeyIsBoundToItsBodyBeforeTheEffect) {
  wait_for_release = true;
  const auto one = [](Edge& t, net::Request r) -> Task<void> {
    static_cast<void>(co_await t.world.routes->handle(std::move(r)));
  };
  boost::asio::co_spawn(context, one(*this, post(R"({"text":"a"})", "k1")),
                        [](const std::exception_ptr&) {});
  context.poll();
  ASSERT_EQ(runs, 1) << "it runs, and has no answer yet";
  ASSERT_EQ(world.idempotency.records.size(), 1U);
  EXPECT_EQ(world.idempotency.records.begin()->second.status, 0);
  released->notify_all();
  context.restart();
  context.run();
  EXPECT_EQ(world.idempotency.records.begin()->second.status, 201);
}
TEST_F(Edge, AKeyWithoutAnAnswerRunsAgainWithItsOwnBodyOnly) {
  EXPECT_EQ(send(post(R"({"text":"fail"})", "k1")).status, 500);
  EXPECT_EQ(error_code(send(post(R"({"text":"b"})", "k1"))), "CONFLICT");
  EXPECT_EQ(send(post(R"({"text":"fail"})", "k1")).status, 500);
  EXPECT_EQ(runs, 2);
}
TEST_F(Edge, ARefusedRequestLeavesItsKeyFree) {
  EXPECT_EQ(send(post(R"({"text":7})", "k1")).status, 400);
  EXPECT_EQ(send(post(R"({"text":"a"})", "k1")).status, 201);
}
TEST_F(Edge, TheTrailTellsWhatCameOfAnAccess) {
  send(post(R"({"text":"fail"})"));
  const auto audits = world.publisher.audits();
  ASSERT_EQ(audits.size(), 2U);
  EXPECT_EQ(audits[0].outcome, wire::AuditOutcome::allowed);
  EXPECT_EQ(audits[1].outcome, wire::AuditOutcome::error);
  EXPECT_EQ(audits[1].reason, "answered with 500");
}
TEST_F(Edge, KeysOfOtherTenantsAreOtherKeys) {
  auto other = post(R"({"text":"b"})", "k1");
  other.headers.set("X-Tenant-ID", "t2");
  EXPECT_EQ(send(post(R"({"text":"a"})", "k1")).status, 201);
  EXPECT_EQ(send(std::move(other)).status, 201);
  EXPECT_EQ(runs, 2);
}
TEST_F(Edge, ASecondRequestInFlightWaitsForTheFirst) {
  wait_for_release = true;
  std::vector<net::Response> responses;
  int begun = 0;
  const auto one = [](Edge& t, net::Request r, std::vector<net::Response>& out,
                      int& started) -> Task<void> {
    ++started;
    out.push_back(co_await t.world.routes->handle(std::move(r)));
  };
  for (int i = 0; i < 2; ++i)
    boost::asio::co_spawn(context, one(*this, post(R"({"text":"a"})", "k1"), responses, begun),
                          [](const std::exception_ptr&) {});
  context.poll();
  EXPECT_EQ(begun, 2);
  EXPECT_EQ(runs, 1);
  EXPECT_TRUE(responses.empty());
  released->notify_all();
  context.restart();
  context.run();
  ASSERT_EQ(responses.size(), 2U);
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(responses[0].body, responses[1].body);
}
TEST_F(Edge, DescribesItsRoutes) {
  const auto document = wire::parse_json(world.routes->openapi("9"));
  ASSERT_TRUE(document);
  EXPECT_EQ(document->find("openapi")->string, "3.1.0");
  const auto* echo = document->find("paths")->find("/echo/{id}")->find("post");
  ASSERT_NE(echo, nullptr);
  EXPECT_EQ(echo->find("operationId")->string, "echo.create");
  EXPECT_NE(echo->find("requestBody"), nullptr);
  EXPECT_NE(echo->find("responses")->find("201"), nullptr);
}
TEST_F(Edge, LimitsTheRateOfOneUser) {
  world.limiter.configure({0.001, 1, 1000});
  EXPECT_EQ(send(post(R"({"text":"a"})")).status, 201);
  const auto response = send(post(R"({"text":"a"})"));
  EXPECT_EQ(response.status, 429);
  EXPECT_TRUE(response.headers.has("Retry-After"));
}
TEST_F(Edge, ShedsSideWorkFirstThenNewQuestionsAndKeepsReadingAndFeedback) {
  const auto now = Clock::now();
  EXPECT_EQ(status_of("/operate"), 200);
  const auto lags = [&](Clock::duration lag) {
    for (int i = 0; i < 2; ++i) world.shedder.note({lag, 0}, now);  // once would be a hiccup
  };
  lags(world.overload.loop_lag);
  EXPECT_EQ(status_of("/operate"), 503);
  EXPECT_EQ(status_of("/ask"), 200);
  lags(2 * world.overload.loop_lag);
  net::Request question;
  question.path = "/ask";
  const auto refused = send(std::move(question));
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(error_code(refused), "OVERLOADED");
  EXPECT_EQ(refused.headers.get("Retry-After"), "2") << "as long as the level stands at least";
  EXPECT_EQ(status_of("/read"), 200);
  EXPECT_EQ(send(post(R"({"text":"a"})")).status, 201) << "feedback";
}
TEST_F(Edge, RetryAfterIsTheWaitThatIsExpected) {
  refuse_turns = true;
  const std::pair<std::chrono::milliseconds, const char*> cases[] = {
      {std::chrono::milliseconds(0), "1"},
      {std::chrono::milliseconds(7400), "8"},
      {std::chrono::minutes(10), "60"}};
  for (const auto& [wait, text] : cases) {
    world.wait = wait;
    net::Request request;
    request.path = "/ask";
    EXPECT_EQ(send(std::move(request)).headers.get("Retry-After"), text);
  }
}
TEST_F(Edge, ATicketOpensOneDoorOnce) {
  contracts::Principal ann;
  ann.tenant_id = "acme";
  ann.user_id = "ann";
  net::Request request;
  request.query.emplace_back("ticket", *world.tickets.issue(ann, Clock::now()));
  EXPECT_EQ(world.routes->identify(request, true)->user_id, "ann");
  EXPECT_EQ(world.routes->identify(request, true)->user_id, "demo") << "used up: as without one";
}

TEST(EdgeWithTokens, AnswersWhoDoesNotProveHimselfAndCountsHim) {
  security::AuthConfig auth;
  auth.mode = security::AuthMode::jwt;
  auth.jwt.key = Secret("0123456789abcdef0123456789abcdef");
  test::EdgeWorld world(auth);
  RouteSpec spec;
  spec.pattern = "/x";
  spec.action = "x";
  world.routes->add(spec, [](Call&) -> Task<Result<Reply>> { co_return reply_json("1"); });
  boost::asio::io_context context;
  net::Response response;
  test::run_on(context, [](test::EdgeWorld& w, net::Response& out) -> Task<void> {
    net::Request request;
    request.path = "/x";
    out = co_await w.routes->handle(std::move(request));
    co_await w.auditor.flush_counts();
  }(world, response));
  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(response.headers.get("WWW-Authenticate"), "Bearer");
  const auto audits = world.publisher.audits();
  ASSERT_EQ(audits.size(), 1U);
  EXPECT_EQ(audits[0].tenant_id, "_unauthenticated");
  EXPECT_EQ(audits[0].details.text, R"({"count":1})");
}

}  // namespace
}  // namespace loquat::edge
