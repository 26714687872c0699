#pragma once
#include <gtest/gtest.h>

#include "loquat/api/api.hpp"
#include "loquat/degradation/health_board.hpp"
#include "loquat/net/client.hpp"
#include "loquat/websocket/websocket.hpp"
#include "support/door/fake_conversations.hpp"
#include "support/door/raw_peer.hpp"
#include "support/door/world.hpp"

namespace loquat::test {

/// The whole edge on a loopback port over fake conversations.
class Delivery : public testing::Test {
 protected:
  void start() {
    api::Ports ports{*world.routes, conversations, board, world.telemetry};
    ports.version = "9.9";
    ports.instance = "test";
    api::add_routes(ports);
    websocket::Ports sockets{*world.routes, conversations, world.telemetry, board};
    room = websocket::make_websocket(context.get_executor(), ws, sockets);
    room->add_routes();
    http.port = 0;
    server = std::make_unique<net::Server>(
        context.get_executor(), http,
        [this](net::Request request) { return world.routes->handle(std::move(request)); });
    port = server->start().value();
  }
  template <class F>
  void run(F body) {
    run_on(context, finish(body()));
  }
  contracts::Task<void> finish(contracts::Task<void> body) {
    co_await std::move(body);
    co_await room->drain(Clock::now() + std::chrono::seconds(2));
    co_await server->drain(Clock::now() + std::chrono::seconds(2));
  }
  contracts::Task<net::ClientResponse> call(net::Method method, std::string path,
                                            std::string body = "", net::Headers headers = {}) {
    net::ClientRequest request;
    request.method = method;
    request.url = "http://127.0.0.1:" + std::to_string(port) + path;
    request.body = std::move(body);
    request.headers = std::move(headers);
    if (!request.body.empty()) request.headers.set("Content-Type", "application/json");
    request.deadline = Clock::now() + std::chrono::seconds(10);
    auto response = co_await client.send(std::move(request));
    EXPECT_TRUE(response);
    co_return response ? std::move(*response) : net::ClientResponse{};
  }

  boost::asio::io_context context;
  EdgeWorld world;
  FakeConversations conversations{context.get_executor()};
  degradation::HealthBoard board{world.wall};
  websocket::WebSocketConfig ws;
  net::HttpConfig http;
  std::unique_ptr<websocket::WebSocketRoom> room;
  std::unique_ptr<net::Server> server;
  net::Client client{context.get_executor()};
  std::uint16_t port = 0;
};

}  // namespace loquat::test
