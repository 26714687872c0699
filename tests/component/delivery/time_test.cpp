#include "delivery.hpp"

/// What time does to a connection, under a clock that the test sets.
namespace loquat::test {
namespace {

class OverTime : public Delivery {
 protected:
  template <class F>
  void run(F body) {
    run_on(context, wind_up(body()));
  }
  /// Afterwards time runs by itself, so that what is left can end.
  Task<void> wind_up(Task<void> body) {
    co_await std::move(body);
    bool is_over = false;
    boost::asio::co_spawn(context, let_time_run(is_over), [](const std::exception_ptr&) {});
    co_await settle();
    co_await room->drain(Clock::now() + std::chrono::seconds(20));
    co_await server->drain(Clock::now() + std::chrono::seconds(20));
    is_over = true;
    co_await settle();
  }
  Task<void> let_time_run(bool& is_over) {
    while (!is_over) {
      clock.advance(std::chrono::milliseconds(5));
      co_await runtime::yield_to_others();
    }
  }
  /// The loop runs what is ready; nothing else passes.
  static Task<void> settle() {
    for (int i = 0; i < 200; ++i) co_await runtime::yield_to_others();
  }
  Task<void> open(RawPeer& peer, std::string target) {
    co_await peer.connect(port);
    const auto head = co_await peer.upgrade(std::move(target));
    EXPECT_NE(head.find(" 101 "), std::string::npos) << head;
    const auto ready = co_await peer.read_text();
    EXPECT_NE(ready.find("connection_ready"), std::string::npos);
  }
  Task<int> close_code(RawPeer& peer) {
    for (std::string text = "x"; !text.empty();) text = co_await peer.read_text();
    co_return peer.close_code;
  }
  ManualClock clock;
};

TEST_F(OverTime, SilenceForTwoIntervalsEndsAConnectionAndAPongDoesNot) {
  ws.heartbeat_interval = std::chrono::seconds(30);
  start();
  run([&]() -> Task<void> {
    conversations.add("s");
    RawPeer silent(context.get_executor()), alive(context.get_executor());
    co_await open(silent, "/ws/chat/s");
    co_await open(alive, "/ws/chat/s");
    clock.advance(std::chrono::seconds(30));
    const auto ping = co_await alive.read_text();
    EXPECT_EQ(ping, R"({"type":"ping"})");
    auto frame = co_await alive.read_frame();
    EXPECT_EQ(frame.opcode, 9U) << "the protocol's own ping, which every browser answers";
    co_await alive.send_frame(10, "");
    co_await settle();
    clock.advance(std::chrono::seconds(30));
    const auto code = co_await close_code(silent);
    EXPECT_EQ(code, 4408);
    const auto next = co_await alive.read_text();
    EXPECT_EQ(next, R"({"type":"ping"})");
    alive.cut();
  });
}
TEST_F(OverTime, ATokenThatEndsMidwayEndsItsConnection) {
  start();
  run([&]() -> Task<void> {
    conversations.add("s");
    contracts::Principal principal;
    principal.tenant_id = principal.user_id = "demo";
    principal.roles = {"analyst"};
    const auto end = world.wall.now() + std::chrono::milliseconds(200);
    principal.expires_at = end;
    const auto ticket = world.tickets.issue(principal, Clock::now()).value();
    RawPeer peer(context.get_executor());
    co_await open(peer, "/ws/chat/s?ticket=" + ticket);
    // The wall clock is the system's here; the connection looks at it when the steady one says so.
    while (world.wall.now() <= end) co_await runtime::yield_to_others();
    clock.advance(std::chrono::seconds(2));
    const auto code = co_await close_code(peer);
    EXPECT_EQ(code, 4401);
  });
}
TEST_F(OverTime, OneSlowReaderIsClosedAndTheOthersLoseNothing) {
  ws.max_queue_bytes = 64 << 10;
  ws.stall_timeout = std::chrono::seconds(5);
  start();
  run([&]() -> Task<void> {
    const auto log = conversations.add("s");
    RawPeer slow(context.get_executor()), quick(context.get_executor());
    co_await open(slow, "/ws/chat/s");
    co_await open(quick, "/ws/chat/s");
    const std::string filler = R"(,"content":")" + std::string(8000, 'x') + R"(")";
    for (int i = 1; i <= 2000; ++i) {  // 16 MB: more than the sockets' buffers hold
      log->append("text", filler);
      const auto text = co_await quick.read_text();
      EXPECT_TRUE(text == *log->entries.back().bytes) << i;
    }
    EXPECT_EQ(room->connections(), 2U) << "full, and still within its time";
    clock.advance(std::chrono::seconds(5));
    std::size_t taken = 0;
    for (;;) {
      const auto text = co_await slow.read_text();
      if (text.empty()) break;
      EXPECT_TRUE(text == *log->entries.at(taken).bytes) << "never altered for a slow reader";
      ++taken;
    }
    EXPECT_EQ(slow.close_code, 4413);
    EXPECT_LT(taken, 2000U);
    RawPeer again(context.get_executor());
    co_await open(again, "/ws/chat/s?after=" + std::to_string(taken));
    for (std::size_t i = taken; i < 2000; ++i) {
      const auto text = co_await again.read_text();
      EXPECT_TRUE(text == *log->entries.at(i).bytes) << i;
    }
    slow.cut();
  });
}
TEST_F(OverTime, ADrainSendsEverybodyAwaySpreadOverTime) {
  ws.drain_spread = std::chrono::seconds(4);
  start();
  run([&]() -> Task<void> {
    conversations.add("s");
    std::vector<std::unique_ptr<RawPeer>> peers;
    for (int i = 0; i < 4; ++i) {
      peers.push_back(std::make_unique<RawPeer>(context.get_executor()));
      co_await open(*peers.back(), "/ws/chat/s");
    }
    bool is_drained = false;
    boost::asio::co_spawn(context, room->drain(Clock::now() + std::chrono::seconds(60)),
                          [&](const std::exception_ptr&) { is_drained = true; });
    co_await settle();
    for (std::size_t left = 4; left > 0; --left) {
      EXPECT_EQ(room->connections(), left) << "one a second";
      const auto code = co_await close_code(*peers[4 - left]);
      EXPECT_EQ(code, 1001);
      peers[4 - left]->cut();
      co_await settle();
      clock.advance(std::chrono::seconds(1));
      co_await settle();
    }
    for (int i = 0; i < 100 && !is_drained; ++i) {
      clock.advance(std::chrono::milliseconds(5));
      co_await settle();
    }
    EXPECT_TRUE(is_drained);
  });
}
TEST_F(OverTime, AnOverloadedServiceSaysSoWithACodeABrowserCanSee) {
  start();
  run([&]() -> Task<void> {
    conversations.add("s");
    conversations.refuse_open = true;
    RawPeer peer(context.get_executor());
    co_await peer.connect(port);
    const auto head = co_await peer.upgrade("/ws/chat/s");
    EXPECT_NE(head.find(" 101 "), std::string::npos);
    const auto code = co_await close_code(peer);
    EXPECT_EQ(code, 1013);
  });
}
TEST_F(OverTime, ADrainEndsALongPollEarly) {
  start();
  run([&]() -> Task<void> {
    conversations.add("s")->append("text", "");
    RawPeer peer(context.get_executor());
    co_await peer.connect(port);
    co_await peer.send(
        "GET /api/v1/bi/chat/sessions/s/events?after=1&wait_ms=30000 HTTP/1.1\r\nHost: h\r\n\r\n");
    co_await settle();
    boost::asio::co_spawn(context, server->drain(Clock::now() + std::chrono::seconds(60)),
                          [](const std::exception_ptr&) {});
    const auto head = co_await peer.read_until("\r\n\r\n");
    EXPECT_NE(head.find(" 200 "), std::string::npos) << "not one second has passed";
    EXPECT_NE(head.find("Connection: close"), std::string::npos);
    peer.cut();
    co_await settle();
    clock.advance(std::chrono::seconds(1));
  });
}
TEST_F(OverTime, ADrainTellsStreamsToComeBackSpreadOverSeconds) {
  start();
  run([&]() -> Task<void> {
    conversations.add("s")->append("text", "");
    RawPeer peer(context.get_executor());
    co_await peer.connect(port);
    co_await peer.send("GET /api/v1/agents/stream/s?after=1 HTTP/1.1\r\nHost: h\r\n\r\n");
    const auto ready = co_await peer.read_until("connection_ready");
    EXPECT_FALSE(ready.empty());
    boost::asio::co_spawn(context, server->drain(Clock::now() + std::chrono::seconds(60)),
                          [](const std::exception_ptr&) {});
    const auto before = co_await peer.read_until("retry: ");
    EXPECT_FALSE(before.empty());
    const auto wait = co_await peer.read_until("\n");
    EXPECT_GE(std::stoi(wait), 2000);
    const auto rest = co_await peer.read_all();
    EXPECT_NE(rest.find(": resume after=1"), std::string::npos) << rest;
    peer.cut();
    co_await settle();
    clock.advance(std::chrono::seconds(1));
  });
}
TEST_F(OverTime, AStreamWhoseReaderHasGoneEndsAtOnce) {
  start();
  run([&]() -> Task<void> {
    conversations.add("s");
    RawPeer peer(context.get_executor());
    co_await peer.connect(port);
    co_await peer.send("GET /api/v1/agents/stream/s HTTP/1.1\r\nHost: h\r\n\r\n");
    const auto ready = co_await peer.read_until("connection_ready");
    EXPECT_FALSE(ready.empty());
    EXPECT_EQ(server->stats().connections_now, 1U);
    peer.cut();
    co_await settle();
    EXPECT_EQ(server->stats().connections_now, 0U) << "no beat has passed, nothing was written";
  });
}

}  // namespace
}  // namespace loquat::test
