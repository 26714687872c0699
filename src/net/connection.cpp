#include "connection.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <charconv>
#include <ctime>

#include "cors.hpp"
#include "loquat/runtime/task.hpp"

namespace loquat::net {
namespace {

constexpr std::size_t kReadBytes = 16U << 10U;
constexpr std::size_t kPieceBytes = 16U << 10U;
constexpr std::size_t kGatherBytes = 64U << 10U;
constexpr std::uint64_t kRequestsAtOnce = 16;
constexpr std::size_t kLingerBytes = 256U << 10U;
constexpr auto kLingerTime = std::chrono::seconds(1);

bool has_no_body(int status) { return status < 200 || status == 204 || status == 304; }

/// In pieces: a peer may be slow, but must take something of them within `patience`.
Task<Result<void>> write_patiently(Stream& stream, std::string_view bytes,
                                   Clock::duration patience) {
  while (!bytes.empty()) {
    const auto piece = bytes.substr(0, kPieceBytes);
    const auto written = co_await stream.write(piece, Clock::now() + patience);
    if (!written) co_return written;
    bytes.remove_prefix(piece.size());
  }
  co_return Result<void>();
}

class ChunkWriter final : public BodyWriter {
 public:
  ChunkWriter(Stream& stream, Event& draining, Clock::duration timeout, bool is_chunked)
      : stream_(stream), draining_(draining), timeout_(timeout), is_chunked_(is_chunked) {}
  Task<Result<void>> write(std::string_view bytes) override {
    if (bytes.empty()) co_return Result<void>();
    if (has_failed_) co_return fail(Errc::io, "the reader is gone");
    std::string framed;
    if (is_chunked_) {
      char digits[17];
      const auto end = std::to_chars(digits, digits + 17, bytes.size(), 16).ptr;
      framed.reserve(bytes.size() + 24);
      framed.append(digits, end).append("\r\n").append(bytes).append("\r\n");
      bytes = framed;
    }
    auto done = co_await write_patiently(stream_, bytes, timeout_);
    has_failed_ = !done;
    co_return done;
  }
  bool is_draining() const noexcept override { return draining_.is_set(); }
  Task<void> wait_drain() override { co_await draining_.wait(); }
  bool has_failed() const noexcept { return has_failed_; }

 private:
  Stream& stream_;
  Event& draining_;
  Clock::duration timeout_;
  bool is_chunked_, has_failed_ = false;
};

}  // namespace

Response Site::refuse(int status, std::string_view why) const {
  if (refusal) return refusal(status, why);
  return make_response(status, "text/plain; charset=utf-8", std::string(why) + "\n");
}

std::string_view DateField::now() {
  const std::time_t now = std::chrono::system_clock::to_time_t(wall_.now());
  if (now == made_at_) return text_;
  made_at_ = now;
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[40];
  text_.assign(text, std::strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &parts));
  return text_;
}

std::string serialize(const Response& response, SerializeOptions options) {
  const std::string_view body = response.shared_body ? std::string_view(*response.shared_body)
                                                     : std::string_view(response.body);
  std::string out;
  out.reserve(256 + body.size());
  out.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
  out.append(reason_phrase(response.status)).append("\r\n");
  for (const auto& [name, value] : response.headers.all()) {
    out.append(name).append(": ");
    for (const char c : value)  // a value can never end its line
      if (c != '\r' && c != '\n' && c != '\0') out += c;
    out.append("\r\n");
  }
  if (!options.date.empty()) out.append("Date: ").append(options.date).append("\r\n");
  if (response.status != 101) {
    if (options.is_chunked)
      out.append(options.keep_alive ? "Transfer-Encoding: chunked\r\n" : "");
    else if (!has_no_body(response.status))
      out.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
    if (!options.keep_alive) out.append("Connection: close\r\n");
  }
  out.append("\r\n");
  if (!options.is_head && !options.is_chunked && !has_no_body(response.status)) out.append(body);
  return out;
}

Task<bool> Connection::flush() {
  if (out_.empty()) co_return true;
  // Most answers fit the socket's buffer: sent at once, they cost no turn of the loop.
  const auto sent = stream_->try_write(out_);
  if (!sent) out_.clear();
  if (!sent) co_return false;
  const std::string_view rest = std::string_view(out_).substr(*sent);
  if (rest.empty()) out_.clear();
  if (rest.empty()) co_return true;
  const auto written = co_await write_patiently(*stream_, rest, site_.config.write_timeout);
  out_.clear();
  co_return written.has_value();
}

void Connection::send_what_is_ready() {
  if (!is_waiting_ || out_.empty()) return;
  const auto sent = stream_->try_write(out_);
  if (sent) out_.erase(0, *sent);  // else the next flush finds the same
}

Task<void> Connection::linger() {
  // Closing with unread bytes would reset the connection and take the answer with it.
  stream_->shutdown_send();
  const auto deadline = Clock::now() + kLingerTime;
  std::string sink(kReadBytes, '\0');
  for (std::size_t total = 0; total < kLingerBytes;) {
    const auto got = co_await stream_->read_some(sink.data(), sink.size(), deadline);
    if (!got || *got == 0) break;
    total += *got;
  }
}

Task<void> Connection::refuse(int status, std::string_view why) {
  ++site_.refused;
  out_ += serialize(site_.refuse(status, why), {.keep_alive = false, .date = site_.date.now()});
  const bool is_sent = co_await flush();
  if (is_sent) co_await linger();
}

Task<bool> Connection::read_request(RequestParser& parser) {
  const auto& config = site_.config;
  Time deadline = Clock::now() + (requests_ == 0 ? config.header_timeout : config.idle_timeout);
  bool has_head = false, has_begun = false;
  for (;;) {
    std::size_t consumed = 0;
    const auto state = parser.feed(in_, consumed);
    in_.erase(0, consumed);
    if (state == ParseState::done) co_return true;
    if (state == ParseState::refused) {
      co_await refuse(parser.refusal_status(), parser.why());
      co_return false;
    }
    if (!has_begun && parser.has_started()) {
      has_begun = true;
      deadline = Clock::now() + config.header_timeout;
    }
    if (!has_head && state == ParseState::need_body) {
      has_head = true;
      deadline = Clock::now() + config.body_timeout;
      if (parser.expects_continue()) out_ += "HTTP/1.1 100 Continue\r\n\r\n";
    }
    if (!out_.empty()) {
      const bool is_flushed = co_await flush();
      if (!is_flushed) co_return false;
    }
    is_idle_ = !has_begun;
    if (is_idle_ && site_.draining.is_set()) co_return false;
    if (has_begun && Clock::now() >= deadline) {  // whoever always has more is late all the same
      co_await refuse(408, "the request did not arrive in time");
      co_return false;
    }
    const auto piece = std::make_unique_for_overwrite<char[]>(kReadBytes);
    const auto got = co_await stream_->read_some(piece.get(), kReadBytes, deadline);
    if (got) in_.append(piece.get(), *got);
    if (got && *got > 0) continue;
    const bool is_late = !got && got.error().code == Errc::timed_out;
    if (is_late && has_begun) co_await refuse(408, "the request did not arrive in time");
    co_return false;
  }
}

Task<void> Connection::produce(const BodyProducer& producer, BodyWriter& writer) {
  try {
    co_await producer(writer);
    is_body_whole_ = true;
  } catch (const std::exception&) {
    is_body_whole_ = false;  // cancelled or failed: the body stays without its end
  }
}

Task<Connection::Next> Connection::send_stream(Response response, bool is_head, bool keep_alive) {
  using namespace boost::asio::experimental::awaitable_operators;
  SerializeOptions options;
  options.keep_alive = keep_alive;
  options.is_head = is_head;
  options.is_chunked = true;
  options.date = site_.date.now();
  out_ += serialize(response, options);
  const bool is_flushed = co_await flush();
  if (!is_flushed) co_return Next::stop;
  if (is_head) co_return keep_alive ? Next::go_on : Next::stop;
  ChunkWriter writer(*stream_, site_.draining, site_.config.write_timeout, keep_alive);
  // Whoever has gone is noticed at once, not at the next byte that cannot be sent.
  auto producing = produce(response.stream, writer);
  auto watching = stream_->wait_hangup();
  is_body_whole_ = false;
  if (in_.empty()) std::string().swap(in_);  // a stream may last for hours
  co_await (std::move(producing) || std::move(watching));
  if (!is_body_whole_) co_return Next::stop;
  if (!writer.has_failed() && !keep_alive) co_await linger();  // its end says that it is whole
  if (writer.has_failed() || !keep_alive) co_return Next::stop;
  out_ += "0\r\n\r\n";
  co_return Next::go_on;
}

Task<Connection::Next> Connection::answer(Request request, bool keep_alive) {
  const bool is_head = request.method == Method::head;
  const bool takes_gzip = accepts_gzip(request.header("Accept-Encoding"));
  const auto origin = listed_origin(request, site_.config.cors_origins);
  Response response;
  bool has_thrown = false;
  auto preflight = origin.empty() ? std::nullopt : answer_preflight(request);
  if (preflight) response = std::move(*preflight);
  try {
    if (!preflight) {
      // Answers to earlier requests of a pipeline do not wait for one that takes its time.
      is_waiting_ = true;
      if (!out_.empty())
        boost::asio::post(dog_->socket.get_executor(),
                          [self = shared_from_this()] { self->send_what_is_ready(); });
      response = co_await site_.handler(std::move(request));
    }
  } catch (const std::exception&) {
    has_thrown = true;
  }
  is_waiting_ = false;
  if (has_thrown) response = site_.refuse(500, "something went wrong on our side");
  if (!origin.empty())
    allow_origin(response, origin);
  else if (!site_.config.cors_origins.empty())
    response.headers.add("Vary", "Origin");  // another origin would get another answer
  if (is_worth_gzip(response, static_cast<std::size_t>(site_.config.compress_min_bytes))) {
    response.headers.add("Vary", "Accept-Encoding");
    if (takes_gzip) co_await site_.gzip.encode(response);
  }
  if (site_.is_cut) co_return Next::stop;
  if (response.status == 101 && response.upgrade) {
    out_ += serialize(response, SerializeOptions{});
    const bool is_flushed = co_await flush();
    if (is_flushed) upgrade_ = std::move(response.upgrade);
    co_return Next::stop;
  }
  keep_alive = keep_alive && !response.close && !site_.draining.is_set();
  if (response.stream) co_return co_await send_stream(std::move(response), is_head, keep_alive);
  SerializeOptions options;
  options.keep_alive = keep_alive;
  options.is_head = is_head;
  options.date = site_.date.now();
  out_ += serialize(response, options);
  if (keep_alive && out_.size() < kGatherBytes) co_return Next::go_on;
  const bool is_flushed = co_await flush();
  if (is_flushed && !keep_alive) co_await linger();
  co_return is_flushed&& keep_alive ? Next::go_on : Next::stop;
}

Task<void> Connection::serve() {
  const auto self = shared_from_this();
  // A coroutine of its own: what requests need is gone when an upgrade lives on for hours.
  co_await serve_requests();
  if (upgrade_) {
    std::string early;
    early.swap(in_);
    if (early.empty()) std::string().swap(early);
    std::string().swap(out_);  // an assignment of the empty string would keep the buffer
    const auto upgrade = std::exchange(upgrade_, nullptr);
    co_await upgrade(std::move(stream_), std::move(early));
  }
  if (stream_) stream_->close();
}

Task<void> Connection::serve_requests() {
  const bool is_secure = site_.tls != nullptr;
  if (is_secure) {
    auto secured = co_await accept_tls(site_.tls, dog_, Clock::now() + site_.config.header_timeout);
    if (!secured) co_return dog_->close();
    stream_ = std::move(*secured);
  }
  const auto ip = stream_->peer_ip();
  ParserLimits limits;
  limits.head_bytes_max = static_cast<std::size_t>(site_.config.max_header_bytes);
  limits.body_bytes_max = static_cast<std::size_t>(site_.config.max_body_bytes);
  for (auto next = Next::go_on; next == Next::go_on;) {
    Request request;
    bool keep_alive = false;
    {
      RequestParser parser(limits);
      const bool is_read = co_await read_request(parser);
      if (!is_read || site_.is_cut) break;
      keep_alive = parser.keep_alive();
      request = parser.take();
    }
    is_idle_ = false;
    // Requests that came together are taken without a wait between them.
    if (++requests_ % kRequestsAtOnce == 0 && !in_.empty()) co_await runtime::yield_to_others();
    request.peer_ip = ip;
    request.is_secure = is_secure;
    request.received_at = Clock::now();
    request.draining = &site_.draining;
    next = co_await answer(std::move(request), keep_alive);
  }
}

}  // namespace loquat::net
