#include <zlib.h>

#include "delivery.hpp"

/// What HTTP itself offers: compression, revalidation, other origins, pipelining.
namespace loquat::test {
namespace {

class Http : public Delivery {
 protected:
  static std::string unpack(const std::string& packed) {
    z_stream stream{};
    EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
    std::string out(4U << 20U, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    stream.avail_in = static_cast<uInt>(packed.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
    out.resize(out.size() - stream.avail_out);
    inflateEnd(&stream);
    return out;
  }
  Task<net::ClientResponse> get(std::string path, std::string name, std::string value) {
    net::Headers headers;
    headers.set(name, std::move(value));
    co_return co_await call(net::Method::get, std::move(path), "", std::move(headers));
  }
};

TEST_F(Http, LargeTextIsCompressedForWhoTakesIt) {
  start();
  run([&]() -> Task<void> {
    const auto plain = co_await call(net::Method::get, "/openapi.json");
    EXPECT_GT(plain.body.size(), 16U << 10U);
    EXPECT_FALSE(plain.headers.has("Content-Encoding"));
    EXPECT_TRUE(net::lists_token(plain.headers.get("Vary"), "Accept-Encoding"));
    for (const auto* takes : {"gzip", "br;q=1.0, gzip;q=0.5", "*", "GZIP ; q=0.001"}) {
      const auto packed = co_await get("/openapi.json", "Accept-Encoding", takes);
      EXPECT_EQ(packed.headers.get("Content-Encoding"), "gzip") << takes;
      EXPECT_LT(packed.body.size(), plain.body.size() / 2);
      EXPECT_EQ(unpack(packed.body), plain.body);
    }
    for (const auto* takes : {"br", "gzip;q=0", "gzip;q=0.000, *", "identity, *;q=0"}) {
      const auto same = co_await get("/openapi.json", "Accept-Encoding", takes);
      EXPECT_FALSE(same.headers.has("Content-Encoding")) << takes;
    }
    const auto small = co_await get("/health/live", "Accept-Encoding", "gzip");
    EXPECT_FALSE(small.headers.has("Content-Encoding"));
  });
}
TEST_F(Http, DocumentsAreRevalidatedByTheirTag) {
  start();
  run([&]() -> Task<void> {
    for (const auto* path : {"/openapi.json", "/asyncapi.json", "/schemas/Answer.json"}) {
      const auto first = co_await call(net::Method::get, path);
      const std::string tag(first.headers.get("ETag"));
      EXPECT_EQ(first.status, 200);
      EXPECT_FALSE(tag.empty()) << path;
      const auto again = co_await get(path, "If-None-Match", tag);
      EXPECT_EQ(again.status, 304);
      EXPECT_EQ(again.body, "");
      EXPECT_EQ(again.headers.get("ETag"), tag);
      const auto listed = co_await get(path, "If-None-Match", "\"x\", W/" + tag);
      EXPECT_EQ(listed.status, 304);
      const auto other = co_await get(path, "If-None-Match", "\"x\"");
      EXPECT_EQ(other.status, 200);
    }
    const auto packed = co_await get("/openapi.json", "Accept-Encoding", "gzip");
    EXPECT_TRUE(packed.headers.get("ETag").starts_with("W/")) << "other bytes, same meaning";
  });
}
TEST_F(Http, OnlyListedPagesOfOtherOriginsMayCall) {
  http.cors_origins = {"https://app.example.com"};
  start();
  run([&]() -> Task<void> {
    net::Headers preflight;
    preflight.set("Origin", "https://app.example.com");
    preflight.set("Access-Control-Request-Method", "POST");
    preflight.set("Access-Control-Request-Headers", "authorization, content-type");
    const std::string path = "/api/v1/bi/chat/sessions";
    auto answer = co_await call(net::Method::options, path, "", preflight);
    EXPECT_EQ(answer.status, 204);
    EXPECT_EQ(answer.headers.get("Access-Control-Allow-Origin"), "https://app.example.com");
    EXPECT_EQ(answer.headers.get("Access-Control-Allow-Headers"), "authorization, content-type");
    EXPECT_NE(answer.headers.get("Access-Control-Allow-Methods").find("DELETE"), std::string::npos);
    answer = co_await get(path, "Origin", "https://app.example.com");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.headers.get("Access-Control-Allow-Origin"), "https://app.example.com");
    EXPECT_FALSE(answer.headers.has("Access-Control-Allow-Credentials"));
    preflight.set("Origin", "https://evil.example");
    answer = co_await call(net::Method::options, path, "", preflight);
    EXPECT_NE(answer.status, 204);
    EXPECT_FALSE(answer.headers.has("Access-Control-Allow-Origin"));
    answer = co_await get(path, "Origin", "https://app.example.com.evil.example");
    EXPECT_FALSE(answer.headers.has("Access-Control-Allow-Origin"));
    EXPECT_EQ(answer.headers.get("Vary"), "Origin") << "or a cache gives it to a listed page";
  });
}
TEST_F(Http, PipelinedRequestsAreAnsweredInOrderOnOneConnection) {
  start();
  run([&]() -> Task<void> {
    RawPeer peer(context.get_executor());
    co_await peer.connect(port);
    std::string all;
    for (int i = 0; i < 20; ++i)
      all += "GET /schemas/" + std::string(i % 2 == 0 ? "Answer" : "None") +
             ".json HTTP/1.1\r\nHost: h\r\nX-Request-ID: r" + std::to_string(i) + "\r\n\r\n";
    co_await peer.send(all);
    for (int i = 0; i < 20; ++i) {
      const auto head = co_await peer.read_until("\r\n\r\n");
      EXPECT_NE(head.find(i % 2 == 0 ? " 200 " : " 404 "), std::string::npos) << i;
      EXPECT_NE(head.find("X-Request-ID: r" + std::to_string(i)), std::string::npos) << head;
      const auto at = head.find("Content-Length: ");
      const auto body = co_await peer.read_exactly(std::stoul(head.substr(at + 16)));
      EXPECT_FALSE(body.empty());
    }
    EXPECT_EQ(server->stats().connections_total, 1U);
    peer.cut();
  });
}

}  // namespace
}  // namespace loquat::test
