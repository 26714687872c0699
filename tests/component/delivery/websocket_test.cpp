#include "delivery.hpp"

namespace loquat::test {
namespace {

class Socket : public Delivery {
 protected:
  Task<int> close_code_of(std::string target, std::string headers = "") {
    RawPeer peer(context.get_executor());
    co_await peer.connect(port);
    const auto head = co_await peer.upgrade(std::move(target), std::move(headers));
    EXPECT_NE(head.find("101"), std::string::npos) << head;
    for (;;) {
      const auto text = co_await peer.read_text();
      if (text.empty()) co_return peer.close_code;
    }
  }
  Task<std::string> next_of_type(RawPeer& peer, std::string type) {
    for (;;) {
      auto text = co_await peer.read_text();
      if (text.empty() || text.find(R"("type":")" + type + R"(")") != std::string::npos)
        co_return text;
    }
  }
};

TEST_F(Socket, AnsweredQuestionsAreAcknowledgedByClientId) {
  start();
  run([&]() -> Task<void> {
    conversations.add("s");
    RawPeer peer(context.get_executor());
    co_await peer.connect(port);
    const auto head =
        co_await peer.upgrade("/ws/chat/s", "Sec-WebSocket-Protocol: loquat.v1, x\r\n");
    EXPECT_NE((head + "\r\n").find("Sec-WebSocket-Protocol: loquat.v1\r\n"), std::string::npos)
        << head;
    co_await peer.send_frame(1, R"({"type":"message","content":"q","client_id":"c1"})");
    auto ack = co_await next_of_type(peer, "ack");
    EXPECT_EQ(ack, R"({"type":"ack","client_id":"c1","message_id":"me-1","seq":1})");
    co_await peer.send_frame(1, R"({"type":"message","content":"q","client_id":"c1"})");
    ack = co_await next_of_type(peer, "ack");
    EXPECT_NE(ack.find(R"("message_id":"me-1")"), std::string::npos);
    EXPECT_EQ(conversations.submitted.size(), 1U) << "one client_id, one answer";
    co_await peer.send_frame(1, R"({"type":"cancel","message_id":"me-1"})");
    conversations.refuse_with = Errc::overloaded;
    co_await peer.send_frame(1, R"({"type":"message","content":"q5","client_id":"c5"})");
    const auto error = co_await next_of_type(peer, "error");
    EXPECT_NE(error.find("OVERLOADED"), std::string::npos);
    EXPECT_NE(error.find(R"("client_id":"c5")"), std::string::npos);
    EXPECT_EQ(conversations.cancelled, std::vector<std::string>{"me-1"});
  });
}
TEST_F(Socket, EndsWhoSendsMoreFramesThanHeMay) {
  ws.frames_per_second = 0.001;
  ws.frames_burst = 5;
  start();
  run([&]() -> Task<void> {
    conversations.add("s");
    for (const unsigned opcode : {9U, 10U, 1U}) {  // pings, pongs, text
      RawPeer peer(context.get_executor());
      co_await peer.connect(port);
      co_await peer.upgrade("/ws/chat/s");
      for (int i = 0; i < 5; ++i) co_await peer.send_frame(opcode, R"({"type":"pong"})");
      co_await peer.send_frame(1, R"({"type":"resume","after":0})");
      std::string text = "-";
      while (!text.empty()) text = co_await peer.read_text();
      EXPECT_EQ(peer.close_code, 1008) << opcode;
    }
    RawPeer modest(context.get_executor());
    co_await modest.connect(port);
    co_await modest.upgrade("/ws/chat/s");
    for (int i = 0; i < 4; ++i) co_await modest.send_frame(9, "x");
    co_await modest.send_frame(1, R"({"type":"resume","after":0})");
    const auto resumed = co_await next_of_type(modest, "resumed");
    EXPECT_FALSE(resumed.empty());
  });
}
TEST_F(Socket, ReadersOfOneUserAreCountedOverAllTransports) {
  world.streams = security::StreamSlots({2, 3});
  start();
  run([&]() -> Task<void> {
    conversations.add("s");
    const std::string base = "/api/v1/bi/chat/sessions/s/events";
    RawPeer one(context.get_executor()), stream(context.get_executor());
    co_await one.connect(port);
    co_await one.upgrade("/ws/chat/s");
    const auto ready = co_await next_of_type(one, "connection_ready");
    EXPECT_FALSE(ready.empty());
    co_await stream.connect(port);
    co_await stream.send("GET /api/v1/agents/stream/s HTTP/1.1\r\nHost: h\r\n\r\n");
    const auto head = co_await stream.read_until("connection_ready");
    EXPECT_NE(head.find("200 OK"), std::string::npos);
    auto response = co_await call(net::Method::get, base + "?wait_ms=5000");
    EXPECT_EQ(response.status, 429);
    EXPECT_TRUE(response.headers.has("Retry-After"));
    response = co_await call(net::Method::get, base);
    EXPECT_EQ(response.status, 200) << "one that does not wait holds nothing";
    response = co_await call(net::Method::get, "/api/v1/agents/stream/s");
    EXPECT_EQ(response.status, 429);
    const auto code = co_await close_code_of("/ws/chat/s");
    EXPECT_EQ(code, 1013);
    stream.cut();
    for (int i = 0; i < 200 && world.streams.take("demo", "demo") == std::nullopt; ++i)
      co_await runtime::yield_to_others();
    EXPECT_TRUE(world.streams.take("demo", "demo")) << "given back with the connection";
  });
}
TEST_F(Socket, ResumeMovesTheCursorOfAnOpenConnection) {
  start();
  run([&]() -> Task<void> {
    const auto log = conversations.add("s");
    for (int i = 0; i < 3; ++i) log->append("text", "");
    RawPeer peer(context.get_executor());
    co_await peer.connect(port);
    co_await peer.upgrade("/ws/chat/s");
    auto text = co_await peer.read_text();
    EXPECT_NE(text.find(R"("last_seq":3)"), std::string::npos);
    co_await peer.send_frame(1, R"({"type":"resume","after":1})");
    text = co_await next_of_type(peer, "resumed");
    EXPECT_EQ(text, R"({"type":"resumed","after":1})");
    for (const auto* start_of : {R"({"seq":2,)", R"({"seq":3,)"}) {
      text = co_await peer.read_text();
      EXPECT_TRUE(text.starts_with(start_of)) << text;
    }
  });
}
TEST_F(Socket, ClosesWithACodeABrowserCanSee) {
  ws.max_message_bytes = 1024;
  start();
  run([&]() -> Task<void> {
    conversations.add("s");
    conversations.add("other", "demo", "somebody");
    const auto missing = co_await close_code_of("/ws/chat/none");
    EXPECT_EQ(missing, 4404);
    const auto foreign = co_await close_code_of("/ws/chat/other");
    EXPECT_EQ(foreign, 4404) << "another's session answers as if there were none";
    const auto malformed = co_await close_code_of("/ws/chat/s?after=x");
    EXPECT_EQ(malformed, 1008);
    contracts::Principal nobody;
    nobody.tenant_id = nobody.user_id = "demo";
    const auto ticket = world.tickets.issue(nobody, Clock::now()).value();
    const auto roleless = co_await close_code_of("/ws/chat/s?ticket=" + ticket);
    EXPECT_EQ(roleless, 4403);

    RawPeer peer(context.get_executor());
    co_await peer.connect(port);
    co_await peer.upgrade("/ws/chat/s");
    co_await peer.send_frame(1, std::string(2000, 'x'));
    for (std::string text = "x"; !text.empty();) text = co_await peer.read_text();
    EXPECT_EQ(peer.close_code, 1009);
  });
}
TEST_F(Socket, ASessionThatEndsEndsItsConnections) {
  start();
  run([&]() -> Task<void> {
    const auto log = conversations.add("s");
    RawPeer peer(context.get_executor());
    co_await peer.connect(port);
    co_await peer.upgrade("/ws/chat/s");
    auto text = co_await peer.read_text();
    log->close();
    text = co_await peer.read_text();
    EXPECT_EQ(peer.close_code, 4404);
  });
}
TEST_F(Socket, APeerThatDoesNotAnswerTheGoodbyeIsCut) {
  start();
  run([&]() -> Task<void> {
    const auto log = conversations.add("s");
    RawPeer peer(context.get_executor());
    co_await peer.connect(port);
    co_await peer.upgrade("/ws/chat/s");
    log->close();
    for (std::string text = "x"; !text.empty();) text = co_await peer.read_text();
    EXPECT_EQ(peer.close_code, 4404);
    const auto nothing = co_await peer.read_all();
    EXPECT_EQ(nothing, "");
  });
}
TEST_F(Socket, RefusesStrangePagesAndWhoComesTooMany) {
  ws.max_connections = 1;
  start();
  run([&]() -> Task<void> {
    conversations.add("s");
    RawPeer strange(context.get_executor());
    co_await strange.connect(port);
    auto head = co_await strange.upgrade("/ws/chat/s", "Origin: https://evil.example\r\n");
    EXPECT_NE(head.find(" 403 "), std::string::npos) << head;
    RawPeer first(context.get_executor()), second(context.get_executor());
    co_await first.connect(port);
    head = co_await first.upgrade("/ws/chat/s", "Origin: http://here\r\n");
    EXPECT_NE(head.find(" 101 "), std::string::npos) << head;
    co_await second.connect(port);
    head = co_await second.upgrade("/ws/chat/s");
    EXPECT_NE(head.find(" 503 "), std::string::npos) << head;
    EXPECT_NE(head.find("Retry-After:"), std::string::npos);
    EXPECT_NE(head.find(R"(Link: </api/v1/bi/chat/sessions/s/events>; rel="alternate")"),
              std::string::npos);
    EXPECT_EQ(board.find("websocket")->state, degradation::Health::degraded);
    first.cut();
    for (int i = 0; i < 1000 && room->connections() > 0; ++i) co_await runtime::yield_to_others();
    EXPECT_EQ(board.find("websocket")->state, degradation::Health::up) << "a place is free again";
  });
}
TEST_F(Socket, DrainSaysGoodbyeWithAPlaceToResume) {
  start();
  run([&]() -> Task<void> {
    conversations.add("s")->append("text", "");
    RawPeer peer(context.get_executor());
    co_await peer.connect(port);
    co_await peer.upgrade("/ws/chat/s");
    const auto ready = co_await peer.read_text();
    EXPECT_FALSE(ready.empty());
    RawPeer* raw = &peer;
    std::string goodbye;
    boost::asio::co_spawn(
        context,
        [](RawPeer* p, std::string& out) -> Task<void> {
          for (RawPeer::Frame frame = co_await p->read_frame(); frame.opcode != 0;
               frame = co_await p->read_frame())
            if (frame.opcode == 8) {
              out = frame.payload;
              co_await p->send_frame(8, frame.payload.substr(0, 2));
            }
        }(raw, goodbye),
        [](const std::exception_ptr&) {});
    co_await room->drain(Clock::now() + std::chrono::seconds(2));
    EXPECT_EQ(room->connections(), 0U);
    EXPECT_TRUE(goodbye.starts_with("\x03\xe9going away; resume after=1 retry_ms=")) << goodbye;
  });
}
TEST_F(Socket, DrainCutsWhoDoesNotAnswerByItsDeadline) {
  start();
  run([&]() -> Task<void> {
    conversations.add("s");
    RawPeer peer(context.get_executor());
    co_await peer.connect(port);
    co_await peer.upgrade("/ws/chat/s");
    const auto ready = co_await peer.read_text();
    EXPECT_FALSE(ready.empty());
    co_await room->drain(Clock::now() + std::chrono::milliseconds(20));
    EXPECT_EQ(room->connections(), 0U);
  });
}
TEST_F(Socket, AReaderThatTakesNothingIsClosedAndItsQueueStaysBounded) {
  ws.max_queue_bytes = 64 << 10;
  ws.stall_timeout = std::chrono::milliseconds(50);
  start();
  run([&]() -> Task<void> {
    const auto log = conversations.add("s");
    const std::string filler = R"(,"content":")" + std::string(4000, 'x') + R"(")";
    RawPeer peer(context.get_executor());
    co_await peer.connect(port);
    co_await peer.upgrade("/ws/chat/s?after=0");
    for (int i = 0; i < 4000; ++i) log->append("text", filler);  // more than socket buffers hold
    for (int i = 0; i < 40'000 && room->connections() > 0; ++i)
      co_await runtime::pause_for(std::chrono::milliseconds(1));
    EXPECT_EQ(room->connections(), 0U) << "cut after its moment to take the goodbye";
    std::size_t frames = 0;
    for (std::string text = "x"; !text.empty(); ++frames) text = co_await peer.read_text();
    EXPECT_LT(frames, 4000U);
  });
}

}  // namespace
}  // namespace loquat::test
