#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "loquat/contracts/ports.hpp"
#include "loquat/contracts/principal.hpp"
#include "loquat/net/http.hpp"
#include "loquat/wire/codec.hpp"

/// One REST request as a room's handler sees it, and what it answers.
namespace loquat::edge {

using contracts::Task;

/// A warning of the envelope: `{code, message}`.
struct Notice {
  std::string code, message;
  template <class V>
  void fields(V& v) {
    v("code", code, "For machines, e.g. UNKNOWN_FIELD.");
    v("message", message, "For people.");
  }
};

/// `?cursor=&limit=`.
struct Paging {
  std::string cursor;  ///< empty: the first page
  std::size_t limit = 50;
};

/// The value of a member as the audit trail may hold it: a number, a boolean, or text of 1 to 128
/// of `A-Za-z0-9_.:+-`. Empty: anything else, or absent.
[[nodiscard]] std::string plain_member(const wire::JsonNode& object, std::string_view name);

/// Lives until its handler has answered.
struct Call {
  const net::Request& request;
  contracts::Principal principal;  ///< empty on open routes
  contracts::RequestContext context;
  Time deadline{};  ///< when the answer should be there; what is called gets what is left
  std::vector<Notice> warnings;
  std::vector<std::string> degraded;
  std::optional<Clock::duration> retry_after{};       ///< with an error that waiting mends
  std::optional<Result<wire::JsonNode>> body_read{};  ///< for the audit trail; `body` takes it
  /// Names what the request has made, for the audit trail: a record of its own follows.
  std::string made_id{};

  /// The JSON body as `T`. An empty body counts as `{}`. Unknown members become warnings. Errors:
  /// unsupported_media_type, invalid_request with one issue per field; a member `tenant_id` or
  /// `user_id` naming another than the principal's: forbidden.
  template <class T>
  [[nodiscard]] Result<T> body();
  /// Errors: invalid_request if the limit is no number in 1..max or the cursor is over 512 bytes.
  [[nodiscard]] Result<Paging> paging(std::size_t limit_default = 50,
                                      std::size_t limit_max = 500) const;
  /// A number in the query. Errors: invalid_request naming the parameter.
  [[nodiscard]] Result<std::int64_t> number(std::string_view name, std::int64_t absent,
                                            std::int64_t min, std::int64_t max) const;
  /// Text in the query; empty if absent.
  [[nodiscard]] std::string text(std::string_view name) const;
  /// `a,b` and repeated parameters, both; blanks trimmed, empty ones left out.
  [[nodiscard]] std::vector<std::string> list(std::string_view name) const;
  [[nodiscard]] std::string param(std::string_view name) const;
  /// The value of the query's parameter `name`, or else of the JSON body's member: see
  /// `plain_member`.
  [[nodiscard]] std::string plain(std::string_view name);
  void warn(std::string code, std::string message);
  /// A parameter of this name is in the query, and the route has none such: warns, and says which
  /// it has.
  void note_unknown_parameter(std::string_view name, std::string_view known);

 private:
  [[nodiscard]] Result<wire::JsonNode> body_node();
  [[nodiscard]] Result<wire::JsonNode> read_body();
  void note_unknown(const std::vector<std::string>& pointers);
  [[nodiscard]] bool has_room_for_warnings() const;
};

template <class T>
Result<T> Call::body() {
  auto node = body_node();
  if (!node) return node.error();
  auto decoded = wire::decode_node<T>(*node);
  if (!decoded) return decoded.error();
  note_unknown(decoded->unknown);
  return std::move(decoded->message);
}

struct Reply {
  int status = 0;    ///< 0: the route's `success`
  std::string data;  ///< JSON of the envelope's `data`; empty: null
  net::Headers headers;
  std::optional<net::Response> whole;  ///< instead of an envelope: files, streams, exports
};
/// `message` is a struct with `fields`, or a vector of such.
template <class T>
[[nodiscard]] Reply reply(const T& message, int status = 0) {
  Reply made;
  made.status = status;
  made.data = wire::encode(message);
  return made;
}
/// `data` is JSON already.
[[nodiscard]] Reply reply_json(std::string data, int status = 0);
[[nodiscard]] Reply reply_whole(net::Response response);

using Handler = std::function<Task<Result<Reply>>(Call&)>;

/// The envelope of every JSON answer (contract, section 1).
struct EnvelopeParts {
  std::string request_id;
  std::string_view data;  ///< JSON or empty
  const std::vector<Notice>& warnings;
  const std::vector<std::string>& degraded;
  double execution_time_ms = 0;
};
[[nodiscard]] std::string success_envelope(const EnvelopeParts& parts);
[[nodiscard]] std::string error_envelope(const Error& error, const EnvelopeParts& parts);
/// The whole error response: status, envelope, Retry-After where it helps.
[[nodiscard]] net::Response error_response(const Error& error, const EnvelopeParts& parts);

}  // namespace loquat::edge
