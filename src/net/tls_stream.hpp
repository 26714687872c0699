#pragma once
#include <memory>
#include <string>

#include "tcp_stream.hpp"

namespace loquat::net {

/// Trust and settings for outgoing TLS, made once per client. Errors: io if the file of authorities
/// cannot be read.
class TlsContext;
[[nodiscard]] Result<std::shared_ptr<TlsContext>> make_tls_context(const std::string& ca_file);

/// Handshakes on a connected socket; checks the certificate for `host`. Errors: unavailable,
/// timed_out, cancelled.
[[nodiscard]] Task<Result<std::unique_ptr<Stream>>> start_tls(std::shared_ptr<TlsContext> context,
                                                              std::shared_ptr<Watchdog> dog,
                                                              std::string host, Time deadline);

/// What incoming TLS shows: a PEM chain and its key; TLS 1.2 with forward secrecy, or 1.3. Errors:
/// io naming the file that cannot be used, or that the two do not belong together.
[[nodiscard]] Result<std::shared_ptr<TlsContext>> make_server_context(const std::string& chain_file,
                                                                      const std::string& key_file);
/// Handshakes as the server. The stream keeps its context, so a later certificate cuts nothing.
/// Errors: io, timed_out, cancelled.
[[nodiscard]] Task<Result<std::unique_ptr<Stream>>> accept_tls(std::shared_ptr<TlsContext> context,
                                                               std::shared_ptr<Watchdog> dog,
                                                               Time deadline);

}  // namespace loquat::net
