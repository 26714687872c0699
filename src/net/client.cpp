#include "loquat/net/client.hpp"

#include <map>
#include <vector>

#include "message_parser.hpp"
#include "tls_stream.hpp"

namespace loquat::net {
namespace {

constexpr std::size_t kResponseReadBytes = 16U << 10U;

struct Connected {
  std::shared_ptr<Watchdog> dog;
  std::unique_ptr<Stream> stream;
};
struct Pooled {
  Connected connected;
  Time idle_until;
};

bool is_idempotent(Method method) {
  return method == Method::get || method == Method::head || method == Method::put ||
         method == Method::delete_ || method == Method::options;
}

std::string request_text(const ClientRequest& request, const Url& url) {
  std::string out(name_of(request.method));
  out.append(" ").append(url.target).append(" HTTP/1.1\r\nHost: ");
  const bool is_v6 = url.host.find(':') != std::string::npos;
  out.append(is_v6 ? "[" + url.host + "]" : url.host);
  if (url.port != (url.is_https ? "443" : "80")) out.append(":").append(url.port);
  out.append("\r\n");
  for (const auto& [name, value] : request.headers.all()) {
    if (equals_without_case(name, "Host") || equals_without_case(name, "Content-Length") ||
        equals_without_case(name, "Connection"))
      continue;
    out.append(name).append(": ");
    for (const char c : value)
      if (c != '\r' && c != '\n' && c != '\0') out += c;
    out.append("\r\n");
  }
  const bool has_body = !request.body.empty() || request.method == Method::post ||
                        request.method == Method::put || request.method == Method::patch;
  if (has_body)
    out.append("Content-Length: ").append(std::to_string(request.body.size())).append("\r\n");
  out.append("\r\n").append(request.body);
  return out;
}

/// What one attempt on one connection came to.
struct Attempt {
  Result<ClientResponse> response = fail(Errc::unavailable, "not tried");
  bool can_be_reused = false;
  bool was_silent = false;  ///< the connection ended before any byte of an answer
};

ParseState feed(ResponseParser& parser, std::string& in) {
  std::size_t consumed = 0;
  const auto state = parser.feed(in, consumed);
  in.erase(0, consumed);
  return state;
}

Error refusal_of(const ResponseParser& parser) {
  if (parser.is_stopped()) return fail(Errc::cancelled, "the reader of the body stopped");
  if (parser.is_too_large())
    return fail(Errc::payload_too_large, "the answer is larger than allowed");
  return fail(Errc::corrupt, "no HTTP answer: " + std::string(parser.why()));
}

Task<Attempt> exchange(Stream& stream, const std::string& text, const ClientRequest& request,
                       ParserLimits limits) {
  Attempt attempt;
  const auto written = co_await stream.write(text, request.deadline);
  if (!written) {
    attempt.was_silent = written.error().code == Errc::io;
    attempt.response = written.error();
    co_return attempt;
  }
  std::string in;
  const auto make_parser = [&] {
    return std::make_unique<ResponseParser>(limits, request.method == Method::head,
                                            request.on_body);
  };
  auto parser = make_parser();
  for (;;) {
    const auto old_size = in.size();
    in.resize(old_size + kResponseReadBytes);
    const auto got =
        co_await stream.read_some(in.data() + old_size, kResponseReadBytes, request.deadline);
    in.resize(old_size + (got ? *got : 0));
    ParseState state = ParseState::need_head;
    if (!got && got.error().code != Errc::io) {
      attempt.response = got.error();
      co_return attempt;
    }
    if (!got || *got == 0) {
      attempt.was_silent = !parser->has_started();
      state = parser->finish();
      if (state == ParseState::refused) {
        attempt.response = fail(Errc::unavailable, std::string(parser->why()));
        co_return attempt;
      }
    } else {
      state = feed(*parser, in);
    }
    const auto status = parser->status();
    if (state == ParseState::done && status >= 100 && status < 200 && status != 101) {
      parser = make_parser();  // an interim answer: the real one follows
      if (in.empty()) continue;
      state = feed(*parser, in);
    }
    if (state == ParseState::refused) {
      attempt.response = refusal_of(*parser);
      co_return attempt;
    }
    if (state != ParseState::done) continue;
    ClientResponse response;
    response.status = parser->status();
    attempt.can_be_reused = parser->keep_alive() && in.empty();
    response.headers = parser->take_headers();
    response.body = parser->take_body();
    attempt.response = std::move(response);
    co_return attempt;
  }
}

}  // namespace

struct Client::State {
  State(boost::asio::any_io_executor ex, ClientLimits l) : executor(ex), limits(std::move(l)) {}
  boost::asio::any_io_executor executor;
  ClientLimits limits;
  std::map<std::string, std::vector<Pooled>> pool;
  std::shared_ptr<TlsContext> tls;

  Connected take(const std::string& key) {
    auto& idle = pool[key];
    while (!idle.empty()) {
      auto last = std::move(idle.back());
      idle.pop_back();
      // What the peer has closed meanwhile would cost a POST that may not be sent twice.
      if (last.idle_until > Clock::now() && last.connected.dog->is_quiet())
        return std::move(last.connected);
    }
    return {};
  }
  void give_back(const std::string& key, Connected connected) {
    auto& idle = pool[key];
    if (idle.size() >= limits.idle_per_host_max) idle.erase(idle.begin());
    idle.push_back({std::move(connected), Clock::now() + limits.idle_timeout});
  }
};

namespace {

Task<Result<Connected>> open_connection(boost::asio::any_io_executor executor,
                                        std::shared_ptr<TlsContext> tls, Url url, Time deadline,
                                        bool only_public) {
  auto dog = co_await connect_tcp(executor, url.host, url.port, deadline, only_public);
  if (!dog) co_return dog.error();
  Connected made;
  made.dog = std::move(*dog);
  if (url.is_https) {
    auto secured = co_await start_tls(std::move(tls), made.dog, url.host, deadline);
    if (!secured) co_return secured.error();
    made.stream = std::move(*secured);
  } else {
    made.stream = std::make_unique<TcpStream>(made.dog);
  }
  co_return made;
}

}  // namespace

Client::Client(boost::asio::any_io_executor executor, ClientLimits limits)
    : state_(std::make_shared<State>(std::move(executor), std::move(limits))) {}
Client::~Client() = default;
void Client::close_idle() noexcept { state_->pool.clear(); }

Task<Result<ClientResponse>> Client::send(ClientRequest request) {
  const auto state = state_;  // the client may go while a request ends
  const auto url = parse_url(request.url);
  if (!url) co_return url.error();
  if (request.deadline <= Clock::now()) co_return fail(Errc::timed_out, "no time is left");
  if (url->is_https && !state->tls) {
    auto made = make_tls_context(state->limits.ca_file);
    if (!made) co_return made.error();
    state->tls = *made;
  }
  ParserLimits limits;
  limits.head_bytes_max = state->limits.max_header_bytes;
  limits.body_bytes_max =
      request.max_body_bytes > 0 ? request.max_body_bytes : state->limits.max_body_bytes;
  // A connection that was checked is no other's, and the other way round.
  const auto kind = std::string(url->is_https ? "s" : "p") + (request.only_public ? "!" : "");
  const auto key = kind + url->host + ":" + url->port;
  const auto text = request_text(request, *url);
  auto connected = state->take(key);
  bool is_pooled = connected.stream != nullptr;
  for (;;) {
    if (!connected.stream) {
      auto opened = co_await open_connection(state->executor, state->tls, *url, request.deadline,
                                             request.only_public);
      if (!opened) co_return opened.error();
      connected = std::move(*opened);
    }
    auto attempt = co_await exchange(*connected.stream, text, request, limits);
    if (attempt.can_be_reused) state->give_back(key, std::move(connected));
    const bool may_repeat = is_pooled && attempt.was_silent && is_idempotent(request.method);
    if (attempt.response || !may_repeat) {
      if (!attempt.response && attempt.response.error().code == Errc::io)
        co_return fail(Errc::unavailable, attempt.response.error().detail);
      co_return std::move(attempt.response);
    }
    connected = {};
    is_pooled = false;
  }
}

}  // namespace loquat::net
