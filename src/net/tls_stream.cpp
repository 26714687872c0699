#include "tls_stream.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/context.hpp>
#include <cerrno>
#include <csignal>

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

/// OpenSSL on the socket itself, without the pair of buffers that asio's stream keeps for every
/// connection (34 KiB of them, idle or not).
class TlsStream final : public Stream {
 public:
  TlsStream(std::shared_ptr<TlsContext> context, std::shared_ptr<Watchdog> dog)
      : context_(std::move(context)),
        dog_(std::move(dog)),
        ssl_(SSL_new(context_->context.native_handle())) {
    SSL_set_mode(ssl_.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    error_code ignored;
    dog_->socket.native_non_blocking(true, ignored);
    SSL_set_fd(ssl_.get(), static_cast<int>(dog_->socket.native_handle()));
  }
  ~TlsStream() override { dog_->close(); }

  Task<Result<void>> handshake(std::string host, Time deadline) {
    SSL_set_connect_state(ssl_.get());
    error_code no_address;
    static_cast<void>(asio::ip::make_address(host, no_address));
    if (no_address) {
      SSL_set_tlsext_host_name(ssl_.get(), host.c_str());
      SSL_set1_host(ssl_.get(), host.c_str());
    } else {
      X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_.get()), host.c_str());
    }
    SSL_set_hostflags(ssl_.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    SSL_set_verify(ssl_.get(), SSL_VERIFY_PEER, nullptr);
    auto done = co_await shake(deadline);
    if (!done && done.error().code == Errc::io)
      co_return fail(Errc::unavailable, why_refused(host, done.error().detail));
    co_return done;
  }

  Task<Result<void>> accept(Time deadline) {
    SSL_set_accept_state(ssl_.get());
    auto done = co_await shake(deadline);
    if (!done) {
      // Closing with unread bytes would reset the connection, and take our alert with it.
      std::array<char, 4096> sink{};
      static_cast<void>(
          ::recv(dog_->socket.native_handle(), sink.data(), sink.size(), MSG_DONTWAIT));
    }
    co_return done;
  }

  Task<Result<std::size_t>> read_some(char* to, std::size_t size, Time deadline) override {
    const int most = static_cast<int>(std::min<std::size_t>(size, 1U << 20U));
    for (;;) {
      ERR_clear_error();
      const int count = SSL_read(ssl_.get(), to, most);
      if (count > 0) co_return static_cast<std::size_t>(count);
      const int why = SSL_get_error(ssl_.get(), count);
      if (is_end(why)) co_return std::size_t{0};
      const auto ready = co_await wait_for(why, dog_->read_deadline, deadline);
      if (!ready) co_return ready.error();
    }
  }

  Task<Result<void>> wait_input(Time deadline) override {
    if (SSL_has_pending(ssl_.get()) != 0) co_return Result<void>();
    auto ready = co_await wait_for(SSL_ERROR_WANT_READ, dog_->read_deadline, deadline);
    co_return ready;
  }

  Result<std::size_t> try_write(std::string_view bytes) override {
    for (std::size_t told = 0;;) {
      told += tell(bytes.size() - told);
      if (told == bytes.size()) return told;
      const int why = push(bytes.substr(told));
      if (why == SSL_ERROR_NONE) continue;
      if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE)
        return fail(Errc::io, "the peer is gone");
      // What is encrypted will go out: nobody may take it back. The last byte is kept, so that
      // somebody comes again.
      if (stuck_told_ == 0) {
        stuck_told_ = stuck_.size() - 1;
        told += stuck_told_;
      }
      return told;
    }
  }

  Task<Result<void>> write(std::string_view bytes, Time deadline) override {
    for (;;) {
      bytes.remove_prefix(tell(bytes.size()));
      if (bytes.empty()) co_return Result<void>();
      const int why = push(bytes);
      if (why == SSL_ERROR_NONE) continue;
      const auto ready = co_await wait_for(why, dog_->write_deadline, deadline);
      if (!ready) co_return ready.error();
    }
  }

  Task<void> wait_hangup() override { return dog_->wait_hangup(); }
  void close() noexcept override { dog_->close(); }
  void shutdown_send() noexcept override {
    if (SSL_is_init_finished(ssl_.get()) != 0 && stuck_.empty()) {
      ERR_clear_error();
      SSL_shutdown(ssl_.get());  // says that this is the end, and no cut
    }
    error_code ignored;
    dog_->socket.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  }
  std::string peer_ip() const override {
    error_code ec;
    const auto endpoint = dog_->socket.remote_endpoint(ec);
    return ec ? std::string() : endpoint.address().to_string();
  }

 private:
  Task<Result<void>> shake(Time deadline) {
    for (;;) {
      ERR_clear_error();
      const int done = SSL_do_handshake(ssl_.get());
      if (done == 1) co_return Result<void>();
      const int why = SSL_get_error(ssl_.get(), done);
      const auto ready = co_await wait_for(why, dog_->read_deadline, deadline);
      if (!ready) co_return ready.error();
    }
  }

  /// Until the socket is ready for what OpenSSL wants. Errors: io for what is no wish but a
  /// failure, timed_out, cancelled.
  Task<Result<void>> wait_for(int wish, Time& dogs_deadline, Time deadline) {
    using Socket = asio::ip::tcp::socket;
    if (wish != SSL_ERROR_WANT_READ && wish != SSL_ERROR_WANT_WRITE) co_return failure();
    const auto way = wish == SSL_ERROR_WANT_READ ? Socket::wait_read : Socket::wait_write;
    const auto dog = dog_;  // the stream may go while its operation ends
    dog->has_timed_out = false;
    dogs_deadline = deadline;
    dog->guard();
    const auto [ec] = co_await dog->socket.async_wait(way, kTuple);
    dogs_deadline = Time::max();
    if (ec) co_return stream_error(ec, dog->has_timed_out);
    co_return Result<void>();
  }

  static Error failure() {
    const auto code = ERR_peek_last_error();
    const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
    return fail(Errc::io, reason != nullptr ? reason : "the connection was lost");
  }

  /// The peer said goodbye, or only closed.
  static bool is_end(int why) {
    if (why == SSL_ERROR_ZERO_RETURN) return true;
    if (why == SSL_ERROR_SYSCALL) return ERR_peek_error() == 0 && errno == 0;
    return why == SSL_ERROR_SSL &&
           ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
  }

  /// Of `size` bytes that the caller has for us those that went already.
  std::size_t tell(std::size_t size) {
    const std::size_t count = std::min(ahead_, size);
    ahead_ -= count;
    return count;
  }

  /// Writes one record of `bytes`, which begin with what was not told yet. Out: SSL_get_error.
  int push(std::string_view bytes) {
    constexpr std::size_t kRecordMax = 16U << 10U;
    const bool again = !stuck_.empty();
    const std::string_view record = again ? std::string_view(stuck_) : bytes.substr(0, kRecordMax);
    ERR_clear_error();
    const int count = SSL_write(ssl_.get(), record.data(), static_cast<int>(record.size()));
    if (count > 0) {
      ahead_ += static_cast<std::size_t>(count) - stuck_told_;
      stuck_told_ = 0;
      stuck_ = std::string();
      return SSL_ERROR_NONE;
    }
    const int why = SSL_get_error(ssl_.get(), count);
    // It is encrypted already and must go first, whatever the caller brings next.
    const bool waits = why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
    if (waits && !again) stuck_ = record;
    return why;
  }

  /// What is wrong with a certificate is what a person can mend: it is said in words.
  std::string why_refused(const std::string& host, const std::string& reason) {
    const long found = SSL_get_verify_result(ssl_.get());
    if (found == X509_V_OK || found == X509_V_ERR_UNSPECIFIED) return host + ": TLS: " + reason;
    if (found == X509_V_ERR_HOSTNAME_MISMATCH || found == X509_V_ERR_IP_ADDRESS_MISMATCH)
      return host + ": TLS: its certificate is for another name";
    return host + ": TLS: its certificate is not trusted: " + X509_verify_cert_error_string(found);
  }

  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  std::shared_ptr<TlsContext> context_;
  std::shared_ptr<Watchdog> dog_;
  std::unique_ptr<SSL, Free> ssl_;
  std::string stuck_;           ///< a record that OpenSSL has begun and the socket did not take
  std::size_t stuck_told_ = 0;  ///< bytes of it that were said to be written
  std::size_t ahead_ = 0;       ///< bytes that are written and not told
};

/// OpenSSL writes to sockets without asking for no signal.
void outlive_broken_pipes() { std::signal(SIGPIPE, SIG_IGN); }

}  // namespace

Result<std::shared_ptr<TlsContext>> make_tls_context(const std::string& ca_file) {
  outlive_broken_pipes();
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
  outlive_broken_pipes();
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
