#pragma once
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "loquat/base/clock.hpp"
#include "loquat/base/enum_names.hpp"
#include "loquat/base/result.hpp"

/// Messages of HTTP as plain data. Loop thread only.
namespace loquat::net {

template <class T>
using Task = boost::asio::awaitable<T>;

enum class Method { get, head, post, put, patch, delete_, options, other };

/// Names compare without regard to case; order and repeats are kept.
class Headers {
 public:
  using Field = std::pair<std::string, std::string>;
  /// The first value of that name; empty if there is none.
  [[nodiscard]] std::string_view get(std::string_view name) const noexcept;
  [[nodiscard]] bool has(std::string_view name) const noexcept;
  [[nodiscard]] std::size_t count(std::string_view name) const noexcept;
  /// Replaces every value of that name.
  void set(std::string_view name, std::string value);
  void add(std::string_view name, std::string value);
  [[nodiscard]] const std::vector<Field>& all() const noexcept { return fields_; }

 private:
  std::vector<Field> fields_;
};

[[nodiscard]] bool equals_without_case(std::string_view a, std::string_view b) noexcept;
/// True if a comma-separated header value names `token` (RFC 9110, section 5.6.1).
[[nodiscard]] bool lists_token(std::string_view value, std::string_view token) noexcept;

using Pairs = std::vector<std::pair<std::string, std::string>>;

/// That the server drains: who waits for long should end early.
class DrainSignal {
 public:
  virtual ~DrainSignal() = default;
  [[nodiscard]] virtual bool is_set() const noexcept = 0;
  /// Cancellable.
  [[nodiscard]] virtual Task<void> wait() = 0;
};

/// What limits by address count together: an IPv4 address, or the /64 network of an IPv6 one, which
/// is what one subscriber has (RFC 6177). Anything else is given back as it is. Pure.
[[nodiscard]] std::string network_of(std::string_view address);

struct Request {
  Method method = Method::get;
  std::string method_text;  ///< as written
  std::string target;       ///< as written; may hold secrets in its query: never log it
  std::string path;         ///< without query, still percent-encoded
  Pairs query;              ///< decoded, in order
  Pairs params;             ///< decoded values of the matched pattern
  Headers headers;
  std::string body;
  std::string peer_ip;
  bool is_secure = false;
  Time received_at{};
  DrainSignal* draining = nullptr;  ///< the server's; null where no server made the request

  [[nodiscard]] std::string_view header(std::string_view name) const noexcept {
    return headers.get(name);
  }
  [[nodiscard]] std::optional<std::string_view> query_value(std::string_view name) const noexcept;
  /// Empty if the pattern has no such parameter.
  [[nodiscard]] std::string_view param(std::string_view name) const noexcept;
};

/// Splits `target` into path and query. False if an escape is malformed.
[[nodiscard]] bool split_target(std::string_view target, std::string& path, Pairs& query);
/// Undoes percent-encoding (`+` is a blank only in queries). Nothing if malformed or it holds NUL.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text, bool is_query);
[[nodiscard]] std::string percent_encode(std::string_view text);

/// A byte stream of a connection, whatever carries it. One read and one write may run at a time.
class Stream {
 public:
  virtual ~Stream() = default;
  /// At least one byte, or 0 at the end of the stream. Errors: timed_out past `deadline`, io.
  [[nodiscard]] virtual Task<Result<std::size_t>> read_some(char* to, std::size_t size,
                                                            Time deadline) = 0;
  /// All of it; waits for the peer to take it (backpressure). Errors: timed_out, io.
  [[nodiscard]] virtual Task<Result<void>> write(std::string_view bytes, Time deadline) = 0;
  /// What the peer's side takes at once, possibly nothing; the rest is for `write`. Not while a
  /// write runs. Errors: io.
  [[nodiscard]] virtual Result<std::size_t> try_write(std::string_view) { return std::size_t{0}; }
  /// Returns when read_some has something to say, or at once where that cannot be known: so that
  /// who waits long needs no buffer meanwhile. Errors: io, timed_out.
  [[nodiscard]] virtual Task<Result<void>> wait_input(Time deadline) {
    static_cast<void>(deadline);
    co_return Result<void>();
  }
  /// Ends both directions at once; pending operations return an error. Idempotent.
  virtual void close() noexcept = 0;
  /// Returns when the peer has closed, which is noticed as long as it sends nothing; never, where
  /// that cannot be known. Cancellable. Not while a read runs.
  [[nodiscard]] virtual Task<void> wait_hangup();
  /// Says that nothing more comes (FIN); reading goes on.
  virtual void shutdown_send() noexcept = 0;
  [[nodiscard]] virtual std::string peer_ip() const = 0;
};

/// What a streaming handler writes its body into.
class BodyWriter {
 public:
  virtual ~BodyWriter() = default;
  /// Returns when the peer's side has room again. Errors: io or timed_out: the reader is gone or
  /// too slow; stop.
  [[nodiscard]] virtual Task<Result<void>> write(std::string_view bytes) = 0;
  /// True once the server drains: say goodbye and return.
  [[nodiscard]] virtual bool is_draining() const noexcept = 0;
  /// Returns when the server drains. Cancellable. When the peer closes, the whole producer is
  /// cancelled at what it waits for.
  [[nodiscard]] virtual Task<void> wait_drain() = 0;
};

/// Produces a body of unknown length; returning ends it.
using BodyProducer = std::function<Task<void>(BodyWriter&)>;
/// Takes the connection over after a 101; `early` are bytes that came behind the request head.
using Upgrade = std::function<Task<void>(std::unique_ptr<Stream> stream, std::string early)>;

struct Response {
  int status = 200;
  Headers headers;  ///< Content-Length, Transfer-Encoding, Connection and Date are the server's own
  std::string body;
  std::shared_ptr<const std::string> shared_body;  ///< instead of `body`, e.g. a file in memory
  BodyProducer stream;                             ///< instead of both: sent in chunks
  Upgrade upgrade;                                 ///< with status 101
  bool close = false;                              ///< end the connection after this response
};

/// A response with a text body.
[[nodiscard]] Response make_response(int status, std::string content_type, std::string body);
[[nodiscard]] std::string_view reason_phrase(int status) noexcept;
/// A strong ETag of these bytes: it tells versions apart, and guards nothing.
[[nodiscard]] std::string entity_tag(std::string_view bytes);
/// Weak comparison of `If-None-Match` with a tag (RFC 9110, section 13.1.2).
[[nodiscard]] bool is_known_tag(std::string_view if_none_match, const std::string& tag) noexcept;

}  // namespace loquat::net

namespace loquat {
LOQUAT_ENUM(net::Method, 8,
            {{{net::Method::get, "GET"},
              {net::Method::head, "HEAD"},
              {net::Method::post, "POST"},
              {net::Method::put, "PUT"},
              {net::Method::patch, "PATCH"},
              {net::Method::delete_, "DELETE"},
              {net::Method::options, "OPTIONS"},
              {net::Method::other, "OTHER"}}});
}  // namespace loquat
