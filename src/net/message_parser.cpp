#include "message_parser.hpp"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

namespace loquat::net {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;
using boost::beast::string_view;

std::string text_of(string_view view) { return std::string(view.data(), view.size()); }

/// What both directions share: fields and body, collected within limits.
template <bool is_request>
class Collector : public http::basic_parser<is_request> {
 public:
  Headers headers;
  std::string body;
  std::function<bool(std::string_view)> on_body;
  bool is_stopped = false;
  std::string complaint;

  explicit Collector(const ParserLimits& limits) {
    this->header_limit(static_cast<std::uint32_t>(limits.head_bytes_max));
    this->body_limit(limits.body_bytes_max);
    this->eager(true);
  }

 protected:
  void on_field_impl(http::field, string_view name, string_view value, error_code&) override {
    // Fields behind a chunked body are not taken: they could pose as what was checked already.
    if (!is_head_done_) headers.add(text_of(name), text_of(value));
  }
  void on_header_impl(error_code& ec) override {
    is_head_done_ = true;
    check_head(ec);
  }
  virtual void check_head(error_code&) {}
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) override {
    // Reserved up to a bound: a length that is only claimed costs no memory.
    if (length && !on_body)
      body.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(*length, 64U << 10U)));
  }
  std::size_t take_piece(string_view piece, error_code& ec) {
    if (!on_body) {
      body.append(piece.data(), piece.size());
    } else if (!on_body(std::string_view(piece.data(), piece.size()))) {
      is_stopped = true;
      ec = http::make_error_code(http::error::end_of_stream);
    }
    return piece.size();
  }
  std::size_t on_body_impl(string_view piece, error_code& ec) override {
    return take_piece(piece, ec);
  }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view piece, error_code& ec) override {
    return take_piece(piece, ec);
  }
  void on_finish_impl(error_code&) override {}

 private:
  bool is_head_done_ = false;
};

Method method_from(http::verb verb) {
  switch (verb) {
    case http::verb::get:
      return Method::get;
    case http::verb::head:
      return Method::head;
    case http::verb::post:
      return Method::post;
    case http::verb::put:
      return Method::put;
    case http::verb::patch:
      return Method::patch;
    case http::verb::delete_:
      return Method::delete_;
    case http::verb::options:
      return Method::options;
    default:
      return Method::other;
  }
}

class RequestCollector final : public Collector<true> {
 public:
  using Collector::Collector;
  Request request;
  [[nodiscard]] bool is_http_1_1() const noexcept { return version_ >= 11; }

 private:
  void on_request_impl(http::verb verb, string_view method, string_view target, int version,
                       error_code& ec) override {
    version_ = version;
    request.method = method_from(verb);
    request.method_text = text_of(method);
    request.target = text_of(target);
    std::string_view local = request.target;
    if (local.starts_with("http://") || local.starts_with("https://")) {  // absolute form
      local.remove_prefix(local.find("//") + 2);
      const auto slash = local.find('/');
      local = slash == std::string_view::npos ? std::string_view("/") : local.substr(slash);
    }
    const bool is_good = (local.starts_with('/') || local == "*") &&
                         split_target(local, request.path, request.query);
    if (!is_good) ec = http::make_error_code(http::error::bad_target);
  }
  void on_response_impl(int, string_view, int, error_code&) override {}
  void check_head(error_code& ec) override {
    // Two hosts, or none in HTTP/1.1: who reads the first and who the last would disagree.
    const auto hosts = headers.count("Host");
    if (hosts > 1 || (hosts == 0 && version_ >= 11)) {
      complaint = "exactly one Host field is needed";
      ec = http::make_error_code(http::error::bad_field);
    }
    // Where a body ends must be beyond doubt: another coding, or a length said twice, is read in
    // one way by us and in another by a proxy before us (RFC 9112, section 6.1).
    const auto codings = headers.count("Transfer-Encoding");
    const auto lengths = headers.count("Content-Length");
    const bool is_chunked =
        codings == 1 && equals_without_case(headers.get("Transfer-Encoding"), "chunked");
    const bool is_doubtful = (codings > 0 && (!is_chunked || version_ < 11 || lengths > 0)) ||
                             lengths > 1 ||
                             headers.get("Content-Length").find(',') != std::string_view::npos;
    if (is_doubtful) {
      complaint = "the length of the body must be said once, or its coding be chunked alone";
      ec = http::make_error_code(http::error::bad_transfer_encoding);
    }
  }
  int version_ = 11;
};

class ResponseCollector final : public Collector<false> {
 public:
  using Collector::Collector;
  int status = 0;

 private:
  void on_request_impl(http::verb, string_view, string_view, int, error_code&) override {}
  void on_response_impl(int code, string_view, int, error_code&) override { status = code; }
};

int status_of(const error_code& ec) {
  if (ec == http::error::header_limit) return 431;
  if (ec == http::error::body_limit) return 413;
  if (ec == http::error::bad_version) return 505;
  return 400;
}

template <class P>
error_code feed_some(P& parser, std::string_view bytes, std::size_t& consumed) {
  consumed = 0;
  while (!parser.is_done() && consumed < bytes.size()) {
    error_code ec;
    const auto rest = bytes.substr(consumed);
    const auto used = parser.put(boost::asio::const_buffer(rest.data(), rest.size()), ec);
    consumed += used;
    if (ec == http::error::need_more) return {};
    if (ec) return ec;
    if (used == 0) return {};
  }
  return {};
}

/// Feeds until nothing more can be used. What is left then is the unfinished head, or the
/// unfinished line or trailer of a chunk, of which the parser itself bounds the first alone.
template <class P>
error_code feed_all(P& parser, std::string_view bytes, const ParserLimits& limits,
                    std::size_t& consumed) {
  const auto ec = feed_some(parser, bytes, consumed);
  if (ec || parser.is_done() || bytes.size() - consumed <= limits.head_bytes_max) return ec;
  return http::make_error_code(http::error::header_limit);
}

}  // namespace

struct RequestParser::State {
  explicit State(const ParserLimits& given) : limits(given), parser(given) {}
  ParserLimits limits;
  RequestCollector parser;
  bool has_started = false;
  int refusal = 0;
  std::string why;
};

RequestParser::RequestParser(ParserLimits limits) : state_(std::make_unique<State>(limits)) {}
RequestParser::~RequestParser() = default;
RequestParser::RequestParser(RequestParser&&) noexcept = default;
RequestParser& RequestParser::operator=(RequestParser&&) noexcept = default;

ParseState RequestParser::feed(std::string_view bytes, std::size_t& consumed) {
  auto& s = *state_;
  s.has_started = s.has_started || !bytes.empty();
  if (const auto ec = feed_all(s.parser, bytes, s.limits, consumed)) {
    s.refusal = status_of(ec);
    s.why = s.parser.complaint.empty() ? ec.message() : s.parser.complaint;
    return ParseState::refused;
  }
  if (s.parser.is_done()) return ParseState::done;
  return s.parser.is_header_done() ? ParseState::need_body : ParseState::need_head;
}
bool RequestParser::has_started() const noexcept { return state_->has_started; }
bool RequestParser::expects_continue() const noexcept {
  return state_->parser.is_header_done() &&
         equals_without_case(state_->parser.headers.get("Expect"), "100-continue");
}
bool RequestParser::keep_alive() const noexcept {
  // 1.0 peers know no chunks, and few are left: one request a connection.
  return state_->parser.is_header_done() && state_->parser.is_http_1_1() &&
         state_->parser.keep_alive();
}
int RequestParser::refusal_status() const noexcept { return state_->refusal; }
std::string_view RequestParser::why() const noexcept { return state_->why; }
Request RequestParser::take() {
  auto& parser = state_->parser;
  parser.request.headers = std::move(parser.headers);
  parser.request.body = std::move(parser.body);
  return std::move(parser.request);
}

struct ResponseParser::State {
  explicit State(const ParserLimits& given) : limits(given), parser(given) {}
  ParserLimits limits;
  ResponseCollector parser;
  bool has_started = false, is_too_large = false;
  std::string why;
};

ResponseParser::ResponseParser(ParserLimits limits, bool to_head,
                               std::function<bool(std::string_view)> on_body)
    : state_(std::make_unique<State>(limits)) {
  state_->parser.on_body = std::move(on_body);
  state_->parser.skip(to_head);
}
ResponseParser::~ResponseParser() = default;

ParseState ResponseParser::feed(std::string_view bytes, std::size_t& consumed) {
  auto& s = *state_;
  s.has_started = s.has_started || !bytes.empty();
  if (const auto ec = feed_all(s.parser, bytes, s.limits, consumed)) {
    s.is_too_large = ec == http::error::body_limit || ec == http::error::header_limit;
    s.why = ec.message();
    return ParseState::refused;
  }
  if (s.parser.is_done()) return ParseState::done;
  return s.parser.is_header_done() ? ParseState::need_body : ParseState::need_head;
}
ParseState ResponseParser::finish() {
  error_code ec;
  if (state_->parser.is_done()) return ParseState::done;
  if (state_->has_started) state_->parser.put_eof(ec);
  if (!ec && state_->parser.is_done()) return ParseState::done;
  state_->why = "the connection ended before the answer did";
  return ParseState::refused;
}
bool ResponseParser::has_started() const noexcept { return state_->has_started; }
bool ResponseParser::keep_alive() const noexcept {
  return state_->parser.is_done() && state_->parser.keep_alive() && !state_->parser.need_eof();
}
bool ResponseParser::is_too_large() const noexcept { return state_->is_too_large; }
bool ResponseParser::is_stopped() const noexcept { return state_->parser.is_stopped; }
std::string_view ResponseParser::why() const noexcept { return state_->why; }
int ResponseParser::status() const noexcept { return state_->parser.status; }
Headers ResponseParser::take_headers() { return std::move(state_->parser.headers); }
std::string ResponseParser::take_body() { return std::move(state_->parser.body); }

}  // namespace loquat::net
