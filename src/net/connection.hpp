#pragma once
#include <ctime>
#include <memory>
#include <string>
#include <string_view>

#include "content_coding.hpp"
#include "loquat/net/server.hpp"
#include "message_parser.hpp"
#include "tcp_stream.hpp"
#include "tls_stream.hpp"

namespace loquat::net {

/// The time as the field Date has it (RFC 9110, section 6.6.1), made once a second.
class DateField {
 public:
  [[nodiscard]] std::string_view now();

 private:
  SystemWallClock wall_;
  std::time_t made_at_ = 0;
  std::string text_;
};

/// What all connections of a server share.
struct Site {
  HttpConfig config;
  Handler handler;
  RefusalBody refusal;
  Event draining;
  GzipCache gzip{};
  bool is_cut = false;
  std::uint64_t refused = 0;          ///< requests that a limit or their form kept out
  std::shared_ptr<TlsContext> tls{};  ///< null: plain HTTP
  DateField date{};
  [[nodiscard]] Response refuse(int status, std::string_view why) const;
};

struct SerializeOptions {
  bool keep_alive = true;
  bool is_head = false;     ///< answer to HEAD: the length, but no body
  bool is_chunked = false;  ///< a stream follows
  std::string_view date{};  ///< RFC 9110, section 5.6.7; empty: says none
};
/// Head and body as they go over the wire.
[[nodiscard]] std::string serialize(const Response& response, SerializeOptions options);

/// One accepted connection: reads requests, calls the handler, writes answers, in order.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Site& site, std::shared_ptr<Watchdog> dog)
      : site_(site),
        stream_(site.tls ? nullptr : std::make_unique<TcpStream>(dog)),
        dog_(std::move(dog)) {}
  [[nodiscard]] Task<void> serve();
  void close() noexcept { dog_->close(); }
  /// Nothing of a request has come and nothing is owed.
  void close_if_idle() noexcept {
    if (is_idle_) dog_->close();
  }
  [[nodiscard]] std::uint64_t requests() const noexcept { return requests_; }

 private:
  enum class Next { go_on, stop };
  Task<void> serve_requests();
  /// Reads until the parser has one request. False: the connection is to end.
  Task<bool> read_request(RequestParser& parser);
  Task<Next> answer(Request request, bool keep_alive);
  Task<Next> send_stream(Response response, bool is_head, bool keep_alive);
  Task<void> produce(const BodyProducer& producer, BodyWriter& writer);
  Task<void> refuse(int status, std::string_view why);
  Task<bool> flush();
  Task<void> linger();
  void send_what_is_ready();

  Site& site_;
  std::unique_ptr<Stream> stream_;
  std::shared_ptr<Watchdog> dog_;
  std::string in_, out_;
  Upgrade upgrade_;
  bool is_body_whole_ = false;
  bool is_idle_ = true;
  bool is_waiting_ = false;  ///< for the handler's answer
  std::uint64_t requests_ = 0;
};

}  // namespace loquat::net
