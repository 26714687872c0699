// rooms: net runtime
/// Echoes WebSocket messages by the reader, the frames and the server that the daemon uses, for
/// test suites of the protocol. Arguments: port, seconds to live. Loopback only.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdlib>
#include <iostream>

#include "loquat/net/server.hpp"
#include "loquat/net/web_socket.hpp"

namespace {

using namespace loquat;
using net::Task;
constexpr std::size_t kMessageMax = 32U << 20U;  // the suites send up to 16 MiB
constexpr std::size_t kCompressFrom = 1;

class Echo {
 public:
  Echo(std::unique_ptr<net::Stream> stream, std::optional<net::WsDeflate> deflate)
      : stream_(std::move(stream)),
        reader_(kMessageMax, deflate ? std::optional(deflate->client_bits) : std::nullopt) {
    if (deflate) deflater_ = std::make_unique<net::WsDeflater>(deflate->server_bits);
  }

  Task<void> run(std::string early) {
    reader_.feed(early);
    std::string bytes(64U << 10U, '\0');
    for (;;) {
      auto event = reader_.next();
      const bool is_last = answer(event);
      if (!out_.empty() && (event.kind == net::WsReader::Kind::need_more || is_last)) {
        const auto written = co_await stream_->write(out_, Time::max());
        out_.clear();
        if (!written || is_last) break;
      }
      if (event.kind != net::WsReader::Kind::need_more) continue;
      const auto got = co_await stream_->read_some(bytes.data(), bytes.size(), Time::max());
      if (!got || *got == 0) break;
      reader_.feed(std::string_view(bytes).substr(0, *got));
    }
    stream_->shutdown_send();
    for (;;) {  // the peer closes when it has read our goodbye
      const auto until = Clock::now() + std::chrono::seconds(1);
      const auto got = co_await stream_->read_some(bytes.data(), bytes.size(), until);
      if (!got || *got == 0) break;
    }
  }

 private:
  /// True after the last frame.
  bool answer(net::WsReader::Event& event) {
    using Kind = net::WsReader::Kind;
    if (event.kind == Kind::ping) net::append_frame(out_, net::WsOpcode::pong, event.payload);
    if (event.kind == Kind::message) echo(event);
    if (event.kind != Kind::close && event.kind != Kind::failed) return false;
    out_ += net::close_frame(event.code, "");
    return true;
  }
  void echo(const net::WsReader::Event& event) {
    if (!deflater_ || event.payload.size() < kCompressFrom)
      return net::append_frame(out_, event.opcode, event.payload);
    const auto packed = deflater_->compress(event.payload);
    if (packed) net::append_frame(out_, event.opcode, *packed, true);
  }
  std::unique_ptr<net::Stream> stream_;
  net::WsReader reader_;
  std::unique_ptr<net::WsDeflater> deflater_;
  std::string out_;
};

Task<void> serve(std::unique_ptr<net::Stream> stream, std::string early,
                 std::optional<net::WsDeflate> deflate) {
  Echo echo(std::move(stream), std::move(deflate));
  co_await echo.run(std::move(early));
}

Task<net::Response> handle(net::Request request) {
  if (const auto why = net::why_no_handshake(request); !why.empty())
    co_return net::make_response(426, "text/plain", std::string(why));
  auto deflate = net::choose_deflate(request.headers, 15);
  auto response = net::accept_handshake(request, "", deflate);
  response.upgrade = [deflate](std::unique_ptr<net::Stream> stream, std::string early) {
    return serve(std::move(stream), std::move(early), deflate);
  };
  co_return response;
}

}  // namespace

int main(int argc, char** argv) {
  net::HttpConfig config;
  config.port = argc > 1 ? std::atoi(argv[1]) : 0;
  boost::asio::io_context context;
  net::Server server(context.get_executor(), config, handle);
  const auto port = server.start();
  if (!port) {
    std::cerr << port.error().detail << "\n";
    return 1;
  }
  std::cout << *port << std::endl;
  boost::asio::steady_timer end(context, std::chrono::seconds(argc > 2 ? std::atoi(argv[2]) : 60));
  end.async_wait([&](const boost::system::error_code&) { context.stop(); });
  context.run();
  return 0;
}
