#include "tls_stream.hpp"

#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>

namespace loquat::net {

namespace asio = boost::asio;
namespace ssl = asio::ssl;
using boost::system::error_code;

class TlsContext {
 public:
  explicit TlsContext(ssl::context::method method) : context(method) {}
  ssl::context context;
};

namespace {

class TlsStream final : public Stream {
 public:
  TlsStream(std::shared_ptr<TlsContext> context, std::shared_ptr<Watchdog> dog)
      : context_(std::move(context)), dog_(std::move(dog)), tls_(dog_->socket, context_->context) {}
  ~TlsStream() override { dog_->close(); }

  Task<Result<void>> handshake(std::string host, Time deadline) {
    SSL_set_tlsext_host_name(tls_.native_handle(), host.c_str());
    tls_.set_verify_mode(ssl::verify_peer);
    tls_.set_verify_callback(ssl::host_name_verification(host));
    dog_->has_timed_out = false;
    dog_->read_deadline = deadline;
    dog_->guard();
    const auto [ec] = co_await tls_.async_handshake(ssl::stream_base::client, kTuple);
    dog_->read_deadline = Time::max();
    if (!ec) co_return Result<void>();
    auto error = stream_error(ec, dog_->has_timed_out);
    if (error.code == Errc::io) error = fail(Errc::unavailable, why_refused(host, ec));
    co_return error;
  }

  Task<Result<void>> accept(Time deadline) {
    dog_->has_timed_out = false;
    dog_->read_deadline = deadline;
    dog_->guard();
    const auto [ec] = co_await tls_.async_handshake(ssl::stream_base::server, kTuple);
    dog_->read_deadline = Time::max();
    if (ec) co_return stream_error(ec, dog_->has_timed_out);
    co_return Result<void>();
  }

  Task<Result<std::size_t>> read_some(char* to, std::size_t size, Time deadline) override {
    dog_->has_timed_out = false;
    dog_->read_deadline = deadline;
    dog_->guard();
    const auto [ec, count] = co_await tls_.async_read_some(asio::buffer(to, size), kTuple);
    dog_->read_deadline = Time::max();
    if (ec == asio::error::eof || ec == ssl::error::stream_truncated) co_return std::size_t{0};
    if (ec) co_return stream_error(ec, dog_->has_timed_out);
    co_return count;
  }

  Task<Result<void>> write(std::string_view bytes, Time deadline) override {
    dog_->has_timed_out = false;
    dog_->write_deadline = deadline;
    dog_->guard();
    const auto [ec, count] =
        co_await asio::async_write(tls_, asio::buffer(bytes.data(), bytes.size()), kTuple);
    dog_->write_deadline = Time::max();
    if (ec) co_return stream_error(ec, dog_->has_timed_out);
    co_return Result<void>();
  }

  Task<void> wait_hangup() override { return dog_->wait_hangup(); }
  void close() noexcept override { dog_->close(); }
  void shutdown_send() noexcept override {
    error_code ignored;
    dog_->socket.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  }
  std::string peer_ip() const override {
    error_code ec;
    const auto endpoint = dog_->socket.remote_endpoint(ec);
    return ec ? std::string() : endpoint.address().to_string();
  }

 private:
  /// What is wrong with a certificate is what a person can mend: it is said in words.
  std::string why_refused(const std::string& host, const error_code& ec) {
    if (ec.category() != asio::error::get_ssl_category() ||
        ERR_GET_REASON(static_cast<unsigned long>(ec.value())) != SSL_R_CERTIFICATE_VERIFY_FAILED)
      return host + ": TLS: " + ec.message();
    const long found = SSL_get_verify_result(tls_.native_handle());
    if (found == X509_V_OK || found == X509_V_ERR_UNSPECIFIED ||
        found == X509_V_ERR_APPLICATION_VERIFICATION)
      return host + ": TLS: its certificate is for another name";
    return host + ": TLS: its certificate is not trusted: " + X509_verify_cert_error_string(found);
  }

  std::shared_ptr<TlsContext> context_;
  std::shared_ptr<Watchdog> dog_;
  ssl::stream<asio::ip::tcp::socket&> tls_;
};

}  // namespace

Result<std::shared_ptr<TlsContext>> make_tls_context(const std::string& ca_file) {
  auto made = std::make_shared<TlsContext>(ssl::context::tls_client);
  error_code ec;
  made->context.set_options(ssl::context::default_workarounds | ssl::context::no_tlsv1 |
                            ssl::context::no_tlsv1_1);
  if (ca_file.empty())
    made->context.set_default_verify_paths(ec);
  else
    made->context.load_verify_file(ca_file, ec);
  if (ec) return fail(Errc::io, "cannot read trusted authorities: " + ec.message());
  return made;
}

Result<std::shared_ptr<TlsContext>> make_server_context(const std::string& chain_file,
                                                        const std::string& key_file) {
  constexpr const char* kCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20";
  auto made = std::make_shared<TlsContext>(ssl::context::tls_server);
  auto& context = made->context;
  auto* native = context.native_handle();
  error_code ec;
  context.set_options(ssl::context::default_workarounds | ssl::context::no_tlsv1 |
                      ssl::context::no_tlsv1_1 | ssl::context::no_compression);
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
  if (SSL_CTX_set_cipher_list(native, kCiphers) != 1) return fail(Errc::io, "no TLS ciphers");
  context.use_certificate_chain_file(chain_file, ec);
  if (ec) return fail(Errc::io, "http.tls_certificate " + chain_file + ": " + ec.message());
  context.use_private_key_file(key_file, ssl::context::pem, ec);
  if (ec) return fail(Errc::io, "http.tls_key " + key_file + ": " + ec.message());
  if (SSL_CTX_check_private_key(native) != 1)
    return fail(Errc::io, "http.tls_key does not belong to http.tls_certificate");
  return made;
}

Task<Result<std::unique_ptr<Stream>>> accept_tls(std::shared_ptr<TlsContext> context,
                                                 std::shared_ptr<Watchdog> dog, Time deadline) {
  auto stream = std::make_unique<TlsStream>(std::move(context), std::move(dog));
  const auto done = co_await stream->accept(deadline);
  if (!done) co_return done.error();
  co_return std::unique_ptr<Stream>(std::move(stream));
}

Task<Result<std::unique_ptr<Stream>>> start_tls(std::shared_ptr<TlsContext> context,
                                                std::shared_ptr<Watchdog> dog, std::string host,
                                                Time deadline) {
  auto stream = std::make_unique<TlsStream>(std::move(context), std::move(dog));
  const auto done = co_await stream->handshake(std::move(host), deadline);
  if (!done) co_return done.error();
  co_return std::unique_ptr<Stream>(std::move(stream));
}

}  // namespace loquat::net
