#include "delivery.hpp"
#include "loquat/wire/json.hpp"

/// One log, three transports: cut anywhere, go on by any, and nothing is lost, doubled or changed.
namespace loquat::test {
namespace {

constexpr std::size_t kStored = 4, kLive = 4, kAll = kStored + kLive;
enum class Transport { websocket, sse, poll };
constexpr Transport kTransports[] = {Transport::websocket, Transport::sse, Transport::poll};

class Resume : public Delivery {
 protected:
  void fill(const std::string& id) {
    const auto log = conversations.add(id);
    for (std::size_t i = 0; i < kStored; ++i)
      log->append("text", R"(,"content":"stored )" + std::to_string(i) + R"( grüße")");
    for (std::size_t i = 0; i < kLive; ++i)
      log->live.emplace_back(i + 1 == kLive ? "complete" : "text",
                             R"(,"content":"live )" + std::to_string(i) + R"(")");
  }
  /// Takes `count` entries behind `after`, then cuts the line.
  Task<std::vector<std::string>> take(Transport by, std::string id, std::size_t after,
                                      std::size_t count) {
    if (count == 0) co_return std::vector<std::string>();
    switch (by) {
      case Transport::websocket:
        co_return co_await take_by_websocket(std::move(id), after, count);
      case Transport::sse:
        co_return co_await take_by_sse(std::move(id), after, count);
      case Transport::poll:
        co_return co_await take_by_poll(std::move(id), after, count);
    }
    co_return std::vector<std::string>();
  }
  Task<std::vector<std::string>> take_by_websocket(std::string id, std::size_t after,
                                                   std::size_t count) {
    std::vector<std::string> taken;
    RawPeer peer(context.get_executor());
    co_await peer.connect(port);
    const auto head = co_await peer.upgrade("/ws/chat/" + id + "?after=" + std::to_string(after));
    EXPECT_NE(head.find("101"), std::string::npos);
    while (taken.size() < count) {
      auto text = co_await peer.read_text();
      if (text.empty()) break;
      if (text.starts_with(R"({"seq":)")) taken.push_back(std::move(text));
    }
    peer.cut();
    co_return taken;
  }
  Task<std::vector<std::string>> take_by_sse(std::string id, std::size_t after, std::size_t count) {
    std::vector<std::string> taken;
    RawPeer peer(context.get_executor());
    co_await peer.connect(port);
    co_await peer.send("GET /api/v1/agents/stream/" + id +
                       "?after=1 HTTP/1.1\r\nHost: h\r\nLast-Event-ID: " + std::to_string(after) +
                       "\r\n\r\n");
    const auto head = co_await peer.read_until("\r\n\r\n");
    EXPECT_NE(head.find("text/event-stream"), std::string::npos);
    while (taken.size() < count) {
      const auto before = co_await peer.read_until("data: ");
      auto data = co_await peer.read_until("\n\n");
      if (data.empty()) break;
      if (!data.starts_with(R"({"seq":)")) continue;
      const auto seq = std::to_string(after + taken.size() + 1);
      EXPECT_NE(before.find("id: " + seq + "\n"), std::string::npos);
      taken.push_back(std::move(data));
    }
    peer.cut();
    co_return taken;
  }
  Task<std::vector<std::string>> take_by_poll(std::string id, std::size_t after,
                                              std::size_t count) {
    std::vector<std::string> taken;
    while (taken.size() < count) {
      const auto answer = co_await call(
          net::Method::get, "/api/v1/bi/chat/sessions/" + id + "/events?wait_ms=2000&limit=" +
                                std::to_string(count - taken.size()) +
                                "&after=" + std::to_string(after + taken.size()));
      const auto at = answer.body.find(R"("events":[)");
      if (answer.status != 200 || at == std::string::npos) break;
      // The very bytes, not a parsed and printed copy.
      std::string_view rest = std::string_view(answer.body).substr(at + 10);
      while (rest.starts_with('{')) {
        const auto end = rest.find('}');
        taken.emplace_back(rest.substr(0, end + 1));
        rest.remove_prefix(end + 1);
        if (rest.starts_with(',')) rest.remove_prefix(1);
      }
    }
    co_return taken;
  }
};

TEST_F(Resume, AnyCutAndAnyNextTransportGiveTheSameBytes) {
  start();
  run([&]() -> Task<void> {
    int number = 0;
    for (const auto first : kTransports)
      for (const auto second : kTransports)
        for (std::size_t cut = 0; cut <= kAll; ++cut) {
          const auto id = "s" + std::to_string(++number);
          fill(id);
          auto taken = co_await take(first, id, 0, cut);
          const auto rest = co_await take(second, id, cut, kAll - cut);
          taken.insert(taken.end(), rest.begin(), rest.end());
          std::vector<std::string> uncut;
          for (const auto& entry : conversations.sessions.at(id).log->entries)
            uncut.push_back(*entry.bytes);
          EXPECT_EQ(taken, uncut) << static_cast<int>(first) << static_cast<int>(second) << cut;
        }
  });
}
TEST_F(Resume, WhatIsGoneIsAGapOnEveryTransport) {
  start();
  run([&]() -> Task<void> {
    fill("s");
    conversations.sessions.at("s").log->trim(2);
    RawPeer socket(context.get_executor());
    co_await socket.connect(port);
    co_await socket.upgrade("/ws/chat/s?after=0");
    auto frame = co_await socket.read_text();
    EXPECT_NE(frame.find("connection_ready"), std::string::npos);
    frame = co_await socket.read_text();
    EXPECT_EQ(frame, R"({"type":"gap","first_seq":3,"epoch":"epoch-1"})");
    frame = co_await socket.read_text();
    EXPECT_TRUE(frame.starts_with(R"({"seq":3,)")) << frame;

    RawPeer stream(context.get_executor());
    co_await stream.connect(port);
    co_await stream.send(
        "GET /api/v1/agents/stream/s?after=4&epoch=old HTTP/1.1\r\nHost: h\r\n\r\n");
    const auto before = co_await stream.read_until("event: gap\n");
    EXPECT_FALSE(before.empty());
    const auto gap = co_await stream.read_until("\n\n");
    EXPECT_EQ(gap, R"(data: {"type":"gap","first_seq":3,"epoch":"epoch-1"})");

    const auto poll = co_await call(net::Method::get, "/api/v1/bi/chat/sessions/s/events?after=1");
    EXPECT_NE(poll.body.find(R"("gap":{"first_seq":3,"epoch":"epoch-1"})"), std::string::npos);
    EXPECT_NE(poll.body.find(R"("events":[{"seq":3,)"), std::string::npos);
  });
}
TEST_F(Resume, APlaceBeyondTheLogIsAnErrorThatNamesTheLastSeq) {
  start();
  run([&]() -> Task<void> {
    fill("s");
    for (const auto* path :
         {"/api/v1/bi/chat/sessions/s/events?after=99", "/api/v1/agents/stream/s?after=99"}) {
      const auto answer = co_await call(net::Method::get, path);
      EXPECT_EQ(answer.status, 400);
      EXPECT_NE(answer.body.find("which is 4"), std::string::npos) << answer.body;
    }
    RawPeer socket(context.get_executor());
    co_await socket.connect(port);
    co_await socket.upgrade("/ws/chat/s?after=99");
    auto frame = co_await socket.read_text();
    frame = co_await socket.read_text();
    EXPECT_NE(frame.find("which is 4"), std::string::npos) << frame;
    frame = co_await socket.read_text();
    EXPECT_EQ(socket.close_code, 1008);
  });
}
TEST_F(Resume, ALongPollWithoutNewsAnswersEmptyInTime) {
  start();
  run([&]() -> Task<void> {
    conversations.add("s")->append("text", "");
    const auto answer =
        co_await call(net::Method::get, "/api/v1/bi/chat/sessions/s/events?after=1&wait_ms=20");
    EXPECT_EQ(answer.status, 200);
    EXPECT_NE(answer.body.find(R"("events":[])"), std::string::npos);
  });
}

}  // namespace
}  // namespace loquat::test
