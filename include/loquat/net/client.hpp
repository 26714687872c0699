#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "loquat/net/http.hpp"

namespace loquat::net {

struct ClientLimits {
  std::size_t max_body_bytes = 64U << 20U;
  std::size_t max_header_bytes = 64U << 10U;
  std::size_t idle_per_host_max = 8;
  std::chrono::milliseconds idle_timeout{30'000};
  std::string ca_file;  ///< PEM of trusted authorities; empty: the system's
};

/// Which addresses a request may go to, looked at after the name is resolved and before anything is
/// sent, so that no name can lead elsewhere.
enum class AddressRule {
  configured,   ///< a URL of the settings: all but link-local (where clouds keep credentials),
                ///< multicast and unspecified ones
  public_only,  ///< a URL that came with a request: loopback and private networks neither
};
/// `address` as text, IPv4 or IPv6, mapped and translated forms included. Pure.
[[nodiscard]] bool may_connect(std::string_view address, AddressRule rule);

struct ClientRequest {
  Method method = Method::get;
  std::string url;  ///< http:// or https://
  Headers headers;  ///< Host, Content-Length and Connection are the client's own
  std::string body;
  Time deadline{};                 ///< for everything, connecting included; must be set
  std::size_t max_body_bytes = 0;  ///< 0: the client's limit
  /// Refuses (forbidden) to connect to an address inside a house or of this host.
  bool only_public = false;
  /// Takes the body piece by piece instead of `ClientResponse::body`; false stops (cancelled).
  std::function<bool(std::string_view)> on_body;
};
struct ClientResponse {
  int status = 0;
  Headers headers;
  std::string body;
};

/// HTTP client with a keep-alive pool per host. Follows no redirect. Loop thread only; outlives its
/// requests. A request that found its pooled connection closed before any byte of an answer is sent
/// once more on a fresh one if its method is idempotent.
class Client {
 public:
  explicit Client(boost::asio::any_io_executor executor, ClientLimits limits = {});
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Any status is a success here. Errors: invalid_request (the URL), unavailable (no connection,
  /// or lost before an answer), timed_out, payload_too_large, corrupt (no HTTP), cancelled
  /// (on_body), forbidden (only_public). Cancelling the task closes the connection.
  [[nodiscard]] Task<Result<ClientResponse>> send(ClientRequest request);
  /// Closes pooled connections.
  void close_idle() noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

struct Url {
  bool is_https = false;
  std::string host;
  std::string port;
  std::string target;  ///< path and query, at least `/`
};
/// Errors: invalid_request: not http(s), no host, user info, or a character that may not stand
/// there.
[[nodiscard]] Result<Url> parse_url(std::string_view text);

}  // namespace loquat::net
