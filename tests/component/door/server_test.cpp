#include "loquat/net/server.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "loquat/net/client.hpp"
#include "loquat/net/static_files.hpp"
#include "loquat/runtime/sync.hpp"
#include "support/door/raw_peer.hpp"
#include "support/door/world.hpp"

namespace loquat::net {
namespace {

using std::chrono::seconds;
using test::RawPeer;

Task<Response> echo(Request request) {
  if (request.path == "/throw") throw std::runtime_error("bug");
  if (request.path == "/stream") {
    Response response;
    response.stream = [](BodyWriter& writer) -> Task<void> {
      for (const auto* piece : {"one,", "two,", "three"}) {
        const auto written = co_await writer.write(piece);
        if (!written) co_return;
      }
    };
    co_return response;
  }
  co_return make_response(200, "text/plain",
                          request.method_text + " " + request.path + " " + request.body);
}

class Door : public testing::Test {
 protected:
  void start(Handler handler = echo) {
    server = std::make_unique<Server>(context.get_executor(), config, std::move(handler));
    port = server->start().value();
  }
  template <class F>
  void run(F body) {
    test::run_on(context, body());
    server.reset();
    context.restart();
    context.poll();
  }
  std::string url(std::string path) { return "http://127.0.0.1:" + std::to_string(port) + path; }

  boost::asio::io_context context;
  HttpConfig config = [] {
    HttpConfig c;
    c.port = 0;
    return c;
  }();
  std::unique_ptr<Server> server;
  std::uint16_t port = 0;
};

TEST_F(Door, AnswersPipelinedRequestsInOrderOnOneConnection) {
  start();
  run([&]() -> Task<void> {
    RawPeer peer(context.get_executor());
    co_await peer.connect(port);
    co_await peer.send(
        "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nPOST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: "
        "2\r\n\r\nhiGET /3 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    const auto all = co_await peer.read_all();
    const auto one = all.find("GET /1"), two = all.find("POST /2 hi"), three = all.find("GET /3");
    EXPECT_LT(one, two);
    EXPECT_LT(two, three);
    EXPECT_NE(three, std::string::npos);
    EXPECT_EQ(server->stats().connections_total, 1U);
  });
}
TEST_F(Door, AnAnswerDoesNotWaitForTheNextOneOfItsPipeline) {
  runtime::Notification changed(context.get_executor());
  bool is_released = false;
  start([&](Request request) -> Task<Response> {
    while (request.path == "/slow" && !is_released) co_await changed.wait();
    co_return co_await echo(std::move(request));
  });
  run([&]() -> Task<void> {
    RawPeer peer(context.get_executor());
    co_await peer.connect(port);
    co_await peer.send(
        "GET /quick HTTP/1.1\r\nHost: h\r\n\r\n"
        "GET /slow HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    const auto first = co_await peer.read_until("GET /quick");
    EXPECT_FALSE(first.empty());
    is_released = true;
    changed.notify_all();
    const auto second = co_await peer.read_all();
    EXPECT_NE(second.find("GET /slow"), std::string::npos);
  });
}
TEST_F(Door, ASlowReaderGetsTheWholeOfALargeAnswer) {
  config.write_timeout = seconds(30);
  constexpr std::size_t kBytes = 24U << 20U;
  start([](Request) -> Task<Response> {
    co_return make_response(200, "text/plain", std::string(kBytes, 'x'));
  });
  ManualClock clock;
  run([&]() -> Task<void> {
    RawPeer peer(context.get_executor());
    co_await peer.connect(port);
    co_await peer.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    const auto head = co_await peer.read_until("\r\n\r\n");
    EXPECT_NE(head.find("\r\nDate: "), std::string::npos);
    std::size_t got = 0;
    for (constexpr std::size_t kPiece = 1U << 20U; got < kBytes; got += kPiece) {
      const auto piece = co_await peer.read_exactly(kPiece);
      if (piece.empty()) break;
      clock.advance(seconds(10));
      for (int i = 0; i < 50; ++i) co_await runtime::yield_to_others();
    }
    EXPECT_EQ(got, kBytes);
  });
}
TEST_F(Door, TellsAnIpv4PeerOfASocketForBothKindsAsIpv4) {
  config.host = "::";
  config.max_connections_per_address = 1;
  config.trusted_proxies = {"127.0.0.1"};
  start([](Request request) -> Task<Response> {
    co_return make_response(200, "text/plain", "from " + request.peer_ip);
  });
  run([&]() -> Task<void> {
    RawPeer one(context.get_executor()), two(context.get_executor());
    for (auto* peer : {&one, &two}) {
      co_await peer->connect(port);
      co_await peer->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
      const auto answer = co_await peer->read_until("from 127.0.0.1");
      EXPECT_EQ(answer.substr(9, 3), "200") << "a trusted proxy has no share to exceed";
    }
  });
}
TEST_F(Door, RefusesByItselfWhatNoHandlerShouldSee) {
  config.max_body_bytes = 1024;
  start();
  run([&]() -> Task<void> {
    const std::pair<std::string, std::string> cases[] = {
        {"nonsense\r\n\r\n", "400"},
        {"GET / HTTP/1.1\r\n\r\n", "400"},
        {"GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n", "431"},
        {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2000\r\n\r\n" + std::string(2000, 'x'),
         "413"},
        {"GET / HTTP/9.9\r\nHost: h\r\n\r\n", "505"}};
    for (const auto& [text, status] : cases) {
      RawPeer peer(context.get_executor());
      co_await peer.connect(port);
      co_await peer.send(text);
      const auto answer = co_await peer.read_all();
      EXPECT_EQ(answer.substr(9, 3), status) << text.substr(0, 40);
    }
  });
}
TEST_F(Door, GivesALateRequestUpAndAnIdleConnectionWithoutAWord) {
  config.header_timeout = std::chrono::milliseconds(10'000);
  start();
  ManualClock clock;
  run([&]() -> Task<void> {
    RawPeer slow(context.get_executor()), silent(context.get_executor());
    co_await slow.connect(port);
    co_await silent.connect(port);
    co_await slow.send("GET / HTTP/1.1\r\nHo");
    for (int i = 0; i < 20; ++i) co_await runtime::yield_to_others();
    clock.advance(seconds(11));
    const auto answer = co_await slow.read_all();
    EXPECT_EQ(answer.substr(9, 3), "408");
    const auto nothing = co_await silent.read_all();
    EXPECT_EQ(nothing, "");
  });
}
TEST_F(Door, GivesOneAddressNoMoreThanItsShare) {
  config.max_connections_per_address = 2;
  config.trusted_proxies.clear();
  start();
  run([&]() -> Task<void> {
    RawPeer one(context.get_executor()), two(context.get_executor());
    co_await one.connect(port);
    co_await one.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
    const auto first = co_await one.read_until("GET /a");
    co_await two.connect(port);
    co_await two.send("GET /b HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    {
      RawPeer three(context.get_executor());
      co_await three.connect(port);
      const auto refused = co_await three.read_all();
      EXPECT_EQ(refused.substr(9, 3), "503");
      EXPECT_NE(refused.find("Retry-After"), std::string::npos);
    }
    const auto second = co_await two.read_all();
    EXPECT_EQ(second.substr(9, 3), "200");
    EXPECT_EQ(server->stats().connections_refused, 1U);
    // The server lets the answer arrive before it closes: the place is free once the peer has gone.
    two.cut();
    while (server->stats().connections_now > 1) co_await runtime::yield_to_others();
    RawPeer four(context.get_executor());
    co_await four.connect(port);
    co_await four.send("GET /d HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    const auto fourth = co_await four.read_all();
    EXPECT_EQ(fourth.substr(9, 3), "200");
  });
}
TEST_F(Door, TellsWhoComesTooManyThatItIsFull) {
  config.max_connections = 1;
  start();
  run([&]() -> Task<void> {
    RawPeer first(context.get_executor()), second(context.get_executor());
    co_await first.connect(port);
    co_await first.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
    const auto served = co_await first.read_until("GET /a");
    EXPECT_EQ(served.substr(9, 3), "200");
    co_await second.connect(port);
    const auto answer = co_await second.read_all();
    EXPECT_EQ(answer.substr(9, 3), "503");
    EXPECT_NE(answer.find("Retry-After"), std::string::npos);
  });
}
TEST_F(Door, StreamsInChunksAndGoesOn) {
  start();
  run([&]() -> Task<void> {
    Client client(context.get_executor());
    for (int i = 0; i < 2; ++i) {
      ClientRequest request;
      request.url = url("/stream");
      request.deadline = Clock::now() + seconds(5);
      const auto response = co_await client.send(std::move(request));
      EXPECT_TRUE(response);
      if (response) EXPECT_EQ(response->body, "one,two,three");
    }
    EXPECT_EQ(server->stats().connections_total, 1U) << "kept alive and pooled";
  });
}
TEST_F(Door, ABugInAHandlerIsA500AndTheServerStays) {
  start();
  run([&]() -> Task<void> {
    Client client(context.get_executor());
    for (const auto& [path, status] : {std::pair("/throw", 500), std::pair("/fine", 200)}) {
      ClientRequest request;
      request.url = url(path);
      request.deadline = Clock::now() + seconds(5);
      const auto response = co_await client.send(std::move(request));
      EXPECT_TRUE(response);
      if (response) EXPECT_EQ(response->status, status);
    }
  });
}
TEST_F(Door, DrainEndsIdleConnectionsAndReturns) {
  start();
  run([&]() -> Task<void> {
    RawPeer peer(context.get_executor());
    co_await peer.connect(port);
    co_await peer.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
    const auto served = co_await peer.read_until("GET /a");
    EXPECT_FALSE(served.empty());
    for (int i = 0; i < 5; ++i) co_await runtime::yield_to_others();
    co_await server->drain(Clock::now() + seconds(5));
    EXPECT_EQ(server->stats().connections_now, 0U);
    RawPeer late(context.get_executor());
    bool is_refused = false;
    try {
      co_await late.connect(port);
    } catch (const boost::system::system_error&) {
      is_refused = true;
    }
    EXPECT_TRUE(is_refused);
  });
}

// ---- the client against peers that misbehave

Task<void> serve_once(boost::asio::ip::tcp::acceptor& acceptor, std::string answer) {
  auto socket = co_await acceptor.async_accept(boost::asio::use_awaitable);
  char bytes[4096];
  const auto [read_error, n] =
      co_await socket.async_read_some(boost::asio::buffer(bytes), test::kTuple);
  const auto [write_error, m] =
      co_await boost::asio::async_write(socket, boost::asio::buffer(answer), test::kTuple);
  static_cast<void>(read_error), static_cast<void>(n), static_cast<void>(write_error),
      static_cast<void>(m);
}

class Calling : public testing::Test {
 protected:
  Errc code_for(std::string answer, std::size_t max = 0) {
    boost::asio::io_context context;
    boost::asio::ip::tcp::acceptor acceptor(context, {boost::asio::ip::address_v4::loopback(), 0});
    boost::asio::co_spawn(context, serve_once(acceptor, std::move(answer)),
                          [](const std::exception_ptr&) {});
    Errc code = Errc::internal;
    test::run_on(context,
                 [](boost::asio::io_context& c, std::uint16_t port, std::size_t most,
                    Errc& out) -> Task<void> {
                   Client client(c.get_executor());
                   ClientRequest request;
                   request.url = "http://127.0.0.1:" + std::to_string(port) + "/";
                   request.deadline = Clock::now() + seconds(5);
                   request.max_body_bytes = most;
                   const auto response = co_await client.send(std::move(request));
                   if (!response) out = response.error().code;
                 }(context, acceptor.local_endpoint().port(), max, code));
    return code;
  }
};

TEST_F(Calling, NamesWhatIsWrongWithAPeer) {
  EXPECT_EQ(code_for(""), Errc::unavailable) << "closed without a word";
  EXPECT_EQ(code_for("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab"), Errc::unavailable) << "cut";
  EXPECT_EQ(code_for("SSH-2.0-x\r\n"), Errc::corrupt);
  EXPECT_EQ(code_for("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123456789", 4),
            Errc::payload_too_large);
}
TEST_F(Calling, FollowsNoRedirectAndPassesInterimAnswersOver) {
  boost::asio::io_context context;
  boost::asio::ip::tcp::acceptor acceptor(context, {boost::asio::ip::address_v4::loopback(), 0});
  boost::asio::co_spawn(context,
                        serve_once(acceptor,
                                   "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 302 Found\r\n"
                                   "Location: http://x/\r\nContent-Length: 0\r\n\r\n"),
                        [](const std::exception_ptr&) {});
  int status = 0;
  test::run_on(context, [](boost::asio::io_context& c, std::uint16_t port, int& out) -> Task<void> {
    Client client(c.get_executor());
    ClientRequest request;
    request.url = "http://127.0.0.1:" + std::to_string(port) + "/";
    request.deadline = Clock::now() + seconds(5);
    const auto response = co_await client.send(std::move(request));
    if (response) out = response->status;
  }(context, acceptor.local_endpoint().port(), status));
  EXPECT_EQ(status, 302);
}
TEST_F(Door, AnAnswerThatDoesNotComeIsTimedOut) {
  start([](Request) -> Task<Response> {
    co_await runtime::sleep_until(Clock::now() + std::chrono::hours(1));
    co_return Response{};
  });
  ManualClock clock;
  Errc code = Errc::internal;
  bool is_over = false;
  test::run_on(context,
               [](Door_AnAnswerThatDoesNotComeIsTimedOut_Test& t, ManualClock& c, Errc& out,
                  bool& over) -> Task<void> {
                 boost::asio::co_spawn(
                     t.context,
                     [](ManualClock& mc, bool& done) -> Task<void> {
                       while (!done) {
                         co_await runtime::yield_to_others();
                         mc.advance(std::chrono::milliseconds(10));
                       }
                     }(c, over),
                     [](const std::exception_ptr&) {});
                 Client client(t.context.get_executor());
                 ClientRequest request;
                 request.url = t.url("/");
                 request.deadline = Clock::now() + seconds(2);
                 const auto response = co_await client.send(std::move(request));
                 if (!response) out = response.error().code;
                 over = true;
               }(*this, clock, code, is_over));
  EXPECT_EQ(code, Errc::timed_out);
  server.reset();
}

TEST(StaticFiles, ServeTheFolderAndNothingElse) {
  const auto folder =
      std::filesystem::temp_directory_path() / ("loquat_page_" + std::to_string(getpid()));
  std::filesystem::create_directories(folder / "assets");
  std::ofstream(folder / "index.html") << "<html>";
  std::ofstream(folder / "assets" / "app.3f9a1c2b.js") << "run()";
  std::ofstream(folder / ".secret") << "x";
  std::filesystem::create_symlink("/etc/passwd", folder / "link.txt");
  const auto files = StaticFiles::load(folder.string());
  std::filesystem::remove_all(folder);
  ASSERT_TRUE(files);
  const auto get = [&](std::string path, std::string etag = "") {
    Request request;
    request.path = std::move(path);
    if (!etag.empty()) request.headers.set("If-None-Match", std::move(etag));
    return files->serve(request);
  };
  const auto page = get("/");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.headers.get("Content-Type"), "text/html; charset=utf-8");
  EXPECT_NE(page.headers.get("Content-Security-Policy").find("default-src 'none'"),
            std::string_view::npos);
  EXPECT_EQ(get("/", std::string(page.headers.get("ETag"))).status, 304);
  EXPECT_NE(get("/assets/app.3f9a1c2b.js").headers.get("Cache-Control").find("immutable"),
            std::string_view::npos);
  for (const auto* path : {"/.secret", "/link.txt", "/../etc/passwd", "/%2e%2e/etc/passwd",
                           "/assets/", "/assets", "//index.html"})
    EXPECT_EQ(get(path).status, 404) << path;
}

}  // namespace
}  // namespace loquat::net
