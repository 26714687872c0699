#include "delivery.hpp"
#include "loquat/wire/json.hpp"

namespace loquat::test {
namespace {

class Rest : public Delivery {
 protected:
  static wire::JsonNode data_of(const net::ClientResponse& response) {
    const auto node = wire::parse_json(response.body);
    EXPECT_TRUE(node) << response.body;
    const auto* data = node ? node->find("data") : nullptr;
    return data != nullptr ? *data : wire::JsonNode();
  }
};

TEST_F(Rest, ASessionFromItsBeginningToItsEnd) {
  start();
  run([&]() -> Task<void> {
    const std::string base = "/api/v1/bi/chat/sessions";
    auto response = co_await call(net::Method::post, base, R"({"title":"t"})");
    EXPECT_EQ(response.status, 201);
    const auto id = data_of(response).find("session_id")->string;
    response =
        co_await call(net::Method::post, base + "/" + id + "/messages", R"({"message":"q"})");
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(data_of(response).find("response")->string, "about q");
    const auto envelope = wire::parse_json(response.body).value();
    EXPECT_EQ(envelope.find("degraded")->items.at(0).string, "query_engine");
    EXPECT_EQ(envelope.find("warnings")->items.at(0).find("code")->string,
              "QUERY_ENGINE_UNAVAILABLE");
    response = co_await call(net::Method::post, base + "/" + id + "/messages?async=true",
                             R"({"message":"q2"})");
    EXPECT_EQ(response.status, 202);
    EXPECT_EQ(data_of(response).find("events_url")->string, base + "/" + id + "/events?after=5");
    response = co_await call(net::Method::get, base + "/" + id + "/messages");
    EXPECT_EQ(data_of(response).find("items")->items.size(), 2U);
    response = co_await call(net::Method::post, base + "/" + id + "/messages/me-2/cancel");
    EXPECT_EQ(response.status, 200);
    response = co_await call(net::Method::delete_, base + "/" + id);
    EXPECT_EQ(response.status, 200);
    response = co_await call(net::Method::get, base + "/" + id);
    EXPECT_EQ(response.status, 404);
  });
}
TEST_F(Rest, AnothersSessionAnswersAsIfThereWereNone) {
  start();
  run([&]() -> Task<void> {
    conversations.add("theirs", "demo", "somebody");
    const auto theirs = co_await call(net::Method::get, "/api/v1/bi/chat/sessions/theirs");
    const auto none = co_await call(net::Method::get, "/api/v1/bi/chat/sessions/none");
    EXPECT_EQ(theirs.status, 404);
    const auto message = [](const net::ClientResponse& r) {
      return wire::parse_json(r.body)->find("errors")->items.at(0).find("message")->string;
    };
    EXPECT_EQ(message(theirs), message(none));
  });
}
TEST_F(Rest, TheKeyOfAPostIsTheClientIdOfItsTurn) {
  start();
  run([&]() -> Task<void> {
    conversations.add("s");
    net::Headers headers;
    headers.set("X-Idempotency-Key", "k1");
    const std::string path = "/api/v1/bi/chat/sessions/s/messages";
    const auto first = co_await call(net::Method::post, path, R"({"message":"q"})", headers);
    const auto second = co_await call(net::Method::post, path, R"({"message":"q"})", headers);
    EXPECT_EQ(first.body, second.body);
    EXPECT_EQ(conversations.submitted.size(), 1U);
    EXPECT_EQ(conversations.submitted.at(0).client_id, "k1");
    const auto other = co_await call(net::Method::post, path, R"({"message":"x"})", headers);
    EXPECT_EQ(other.status, 409);
  });
}
TEST_F(Rest, HealthSaysHowEachIntegrationIs) {
  board.add("kafka", "events wait");
  start();
  run([&]() -> Task<void> {
    board.set("kafka", degradation::Health::down, "no broker");
    const auto response = co_await call(net::Method::get, "/health");
    EXPECT_EQ(response.status, 200) << "degraded still answers";
    const auto node = wire::parse_json(response.body).value();
    EXPECT_EQ(node.find("status")->string, "degraded");
    EXPECT_EQ(node.find("instance")->string, "test");
    const auto* kafka = node.find("integrations")->find("kafka");
    EXPECT_EQ(kafka->find("state")->string, "down");
    EXPECT_EQ(kafka->find("last_error")->string, "no broker");
    EXPECT_NE(kafka->find("behaviour"), nullptr);
    const auto audits = world.publisher.audits();
    EXPECT_TRUE(audits.empty()) << "health is excepted";
  });
}
TEST_F(Rest, ServesItsContractAndSchemas) {
  start();
  run([&]() -> Task<void> {
    for (const auto* path : {"/openapi.json", "/asyncapi.json", "/schemas/AuditEvent.json",
                             "/schemas/Answer.json", "/health/live", "/health/ready"}) {
      const auto response = co_await call(net::Method::get, path);
      EXPECT_EQ(response.status, 200) << path;
      EXPECT_TRUE(wire::parse_json(response.body)) << path;
    }
    const auto none = co_await call(net::Method::get, "/schemas/Nothing.json");
    EXPECT_EQ(none.status, 404);
    const auto metrics = co_await call(net::Method::get, "/metrics");
    EXPECT_NE(metrics.body.find("loquat_edge_request_duration_seconds"), std::string::npos);
  });
}
TEST_F(Rest, ATicketOpensAStreamAndLeavesACookieForItsReconnects) {
  start();
  run([&]() -> Task<void> {
    conversations.add("s", "acme", "ann")->append("text", "");
    net::Headers headers;
    headers.set("X-Tenant-ID", "acme");
    headers.set("X-User-ID", "ann");
    const auto response = co_await call(net::Method::post, "/api/v1/auth/ticket", "{}", headers);
    const auto ticket = data_of(response).find("ticket")->string;
    RawPeer peer(context.get_executor());
    co_await peer.connect(port);
    const auto get =
        "GET /api/v1/agents/stream/s?after=0&ticket=" + ticket + " HTTP/1.1\r\nHost: h\r\n";
    co_await peer.send(get + "\r\n");
    const auto head = co_await peer.read_until("\r\n\r\n");
    const auto at = head.find("Set-Cookie: loquat_stream=");
    EXPECT_NE(at, std::string::npos) << head;
    EXPECT_NE(head.find("HttpOnly; SameSite=Strict"), std::string::npos);
    if (at == std::string::npos) co_return;
    const auto cookie = head.substr(at + 12, head.find(';', at) - at - 12);
    RawPeer again(context.get_executor());
    co_await again.connect(port);
    co_await again.send(get + "Cookie: " + cookie + "\r\n\r\n");
    const auto second = co_await again.read_until("\r\n\r\n");
    EXPECT_NE(second.find(" 200 "), std::string::npos) << "the used ticket, with the cookie";
  });
}

}  // namespace
}  // namespace loquat::test
