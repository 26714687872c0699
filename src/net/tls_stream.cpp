#include "tls_stream.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <boost/asio/ssl/context.hpp>

#include "loquat/runtime/task.hpp"

namespace loquat::net {

namespace asio = boost::asio;
namespace ssl = asio::ssl;
using asio::ip::tcp;
using boost::system::error_code;

class TlsContext {
 public:
  explicit TlsContext(ssl::context::method method) : context(method) {}
  ssl::context context;
};

namespace {

constexpr std::size_t kRecordBytes = 16U << 10U;  // RFC 8446, section 5.1
/// A peer that is always ahead of us never has us wait for it: after so many reads others have
/// their turn.
constexpr std::uint32_t kReadsAtOnce = 8;

/// -1 once it is closed: the number may be another connection's by then.
int socket_of(BIO* bio) {
  return static_cast<Watchdog*>(BIO_get_data(bio))->socket.native_handle();
}
bool is_for_later() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

int send_bytes(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  const auto sent =
      ::send(socket_of(bio), bytes, static_cast<std::size_t>(size), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent < 0 && is_for_later()) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}
int receive_bytes(BIO* bio, char* to, int size) {
  BIO_clear_retry_flags(bio);
  const auto got = ::recv(socket_of(bio), to, static_cast<std::size_t>(size), MSG_DONTWAIT);
  if (got < 0 && is_for_later()) BIO_set_retry_read(bio);
  if (got == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  return static_cast<int>(got);
}
long control(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
  return 0;
}

/// A socket without the signal that OpenSSL's own would raise at a broken connection.
BIO_METHOD* socket_method() {
  static BIO_METHOD* const kMethod = [] {
    auto* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "loquat socket");
    BIO_meth_set_write(method, send_bytes);
    BIO_meth_set_read(method, receive_bytes);
    BIO_meth_set_ctrl(method, control);
    return method;
  }();
  return kMethod;
}

/// One secured connection. TLS works on the socket itself: nothing is copied through a pair of
/// buffers, and while it is idle it holds none. Shared, so that an operation may outlive the
/// stream.
struct Secured {
  Secured(std::shared_ptr<TlsContext> made, std::shared_ptr<Watchdog> socket_dog)
      : context(std::move(made)), dog(std::move(socket_dog)) {
    session = SSL_new(context->context.native_handle());
    auto* bio = session == nullptr ? nullptr : BIO_new(socket_method());
    if (bio == nullptr) {
      SSL_free(session);
      throw std::bad_alloc();
    }
    BIO_set_data(bio, dog.get());
    BIO_set_init(bio, 1);
    SSL_set_bio(session, bio, bio);
    SSL_set_read_ahead(session, 1);  // one call a record, not one for its head and one for the rest
    SSL_set_mode(session, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  }
  ~Secured() { SSL_free(session); }
  Secured(const Secured&) = delete;
  Secured& operator=(const Secured&) = delete;

  std::shared_ptr<TlsContext> context;
  std::shared_ptr<Watchdog> dog;
  SSL* session = nullptr;
  /// A record that the socket did not take whole; OpenSSL wants the same bytes again. All but the
  /// last of them count as written: so whoever wrote comes again, and begins with that last one.
  std::string stuck;
};
using Core = std::shared_ptr<Secured>;

enum class Step { done, wait_read, wait_write, ended, failed };

/// What an operation of OpenSSL that returned `rc` wants next.
Step step_of(const Secured& core, int rc) {
  switch (SSL_get_error(core.session, rc)) {
    case SSL_ERROR_NONE:
      return Step::done;
    case SSL_ERROR_WANT_READ:
      return Step::wait_read;
    case SSL_ERROR_WANT_WRITE:
      return Step::wait_write;
    case SSL_ERROR_ZERO_RETURN:
      return Step::ended;
    case SSL_ERROR_SSL:  // a peer that closes without a word ends the stream all the same
      return ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING
                 ? Step::ended
                 : Step::failed;
    default:
      return Step::failed;
  }
}

std::string why_failed() {
  const auto code = ERR_peek_last_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "the peer closed the connection" : reason;
}

class TlsStream final : public Stream {
 public:
  TlsStream(std::shared_ptr<TlsContext> context, std::shared_ptr<Watchdog> dog)
      : core_(std::make_shared<Secured>(std::move(context), std::move(dog))) {}
  ~TlsStream() override { core_->dog->close(); }

  Task<Result<void>> handshake(std::string host, Time deadline) {
    auto* session = core_->session;
    SSL_set_tlsext_host_name(session, host.c_str());
    SSL_set_verify(session, SSL_VERIFY_PEER, nullptr);
    error_code no_address;
    asio::ip::make_address(host, no_address);
    if (no_address)
      SSL_set1_host(session, host.c_str());
    else
      X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host.c_str());
    SSL_set_connect_state(session);
    auto done = co_await shake_hands(core_, deadline);
    if (!done && done.error().code == Errc::io)
      co_return fail(Errc::unavailable, host + ": TLS: " + done.error().detail);
    co_return done;
  }

  Task<Result<void>> accept(Time deadline) {
    SSL_set_accept_state(core_->session);
    return shake_hands(core_, deadline);
  }

  Task<Result<std::size_t>> read_some(char* to, std::size_t size, Time deadline) override {
    const auto core = core_;
    for (;;) {
      std::size_t count = 0;
      ERR_clear_error();
      const int rc = SSL_read_ex(core->session, to, size, &count);
      const auto step = rc == 1 ? Step::done : step_of(*core, rc);
      if (step == Step::done) {
        if (++reads_at_once_ % kReadsAtOnce == 0) co_await runtime::yield_to_others();
        co_return count;
      }
      if (step == Step::ended) co_return std::size_t{0};
      if (step == Step::failed) co_return fail(Errc::io, why_failed());
      const auto waited = co_await wait_to_read(core, step, deadline);
      if (!waited) co_return waited.error();
    }
  }

  Task<Result<void>> write(std::string_view bytes, Time deadline) override {
    const auto core = core_;
    for (;;) {
      auto wants = Step::done;
      const auto taken = push(*core, bytes, wants);
      if (!taken) co_return taken.error();
      bytes.remove_prefix(*taken);
      if (bytes.empty()) co_return Result<void>();
      const auto waited = co_await wait_to_write(core, wants, deadline);
      if (!waited) co_return waited.error();
    }
  }

  Result<std::size_t> try_write(std::string_view bytes) override {
    auto wants = Step::done;
    return push(*core_, bytes, wants);
  }

  Task<Result<void>> wait_input(Time deadline) override {
    const auto core = core_;
    if (SSL_has_pending(core->session) == 1) co_return Result<void>();
    co_return co_await wait_to_read(core, Step::wait_read, deadline);
  }

  Task<void> wait_hangup() override {
    const auto core = core_;
    for (;;) {
      char byte = 0;
      ERR_clear_error();
      const int rc = SSL_peek(core->session, &byte, 1);
      if (rc > 0) break;  // the next request is there already: now only a write can tell
      const auto step = step_of(*core, rc);
      if (step == Step::ended || step == Step::failed) co_return;
      const auto waited = co_await wait_to_read(core, step, Time::max());
      if (!waited) co_return;
    }
    Timer never(core->dog->socket.get_executor(), Time::max());
    co_await never.async_wait(kTuple);
  }
  void close() noexcept override { core_->dog->close(); }
  void shutdown_send() noexcept override {
    ERR_clear_error();
    SSL_shutdown(core_->session);  // else the peer must take the end for a cut
    error_code ignored;
    core_->dog->socket.shutdown(tcp::socket::shutdown_send, ignored);
  }
  std::string peer_ip() const override {
    error_code ec;
    const auto endpoint = core_->dog->socket.remote_endpoint(ec);
    return ec ? std::string() : text_of(endpoint.address());
  }

 private:
  static Task<Result<void>> wait_to_read(Core core, Step step, Time deadline) {
    auto& dog = *core->dog;
    dog.has_timed_out = false;
    dog.read_deadline = deadline;
    dog.guard();
    const auto way = step == Step::wait_write ? tcp::socket::wait_write : tcp::socket::wait_read;
    const auto [ec] = co_await dog.socket.async_wait(way, kTuple);
    dog.read_deadline = Time::max();
    if (ec) co_return stream_error(ec, dog.has_timed_out);
    co_return Result<void>();
  }

  static Task<Result<void>> wait_to_write(Core core, Step step, Time deadline) {
    auto& dog = *core->dog;
    dog.has_timed_out = false;
    dog.write_deadline = deadline;
    dog.guard();
    const auto way = step == Step::wait_read ? tcp::socket::wait_read : tcp::socket::wait_write;
    const auto [ec] = co_await dog.socket.async_wait(way, kTuple);
    dog.write_deadline = Time::max();
    if (ec) co_return stream_error(ec, dog.has_timed_out);
    co_return Result<void>();
  }

  static Task<Result<void>> shake_hands(Core core, Time deadline) {
    for (;;) {
      ERR_clear_error();
      const int rc = SSL_do_handshake(core->session);
      const auto step = rc == 1 ? Step::done : step_of(*core, rc);
      if (step == Step::done) co_return Result<void>();
      if (step == Step::ended || step == Step::failed) co_return fail(Errc::io, why_refused(*core));
      const auto waited = co_await wait_to_read(core, step, deadline);
      if (!waited) co_return waited.error();
    }
  }

  /// What of `bytes` is written; less than all: `wants` says what must come first.
  static Result<std::size_t> push(Secured& core, std::string_view bytes, Step& wants) {
    std::size_t taken = 0;
    while (taken < bytes.size()) {
      const bool is_again = !core.stuck.empty();
      const std::string_view record =
          is_again ? std::string_view(core.stuck) : bytes.substr(taken, kRecordBytes);
      std::size_t count = 0;
      ERR_clear_error();
      const int rc = SSL_write_ex(core.session, record.data(), record.size(), &count);
      wants = rc == 1 ? Step::done : step_of(core, rc);
      if (wants == Step::ended || wants == Step::failed) return fail(Errc::io, why_failed());
      if (wants == Step::done) {
        taken += is_again ? 1 : count;
        if (is_again) std::string().swap(core.stuck);  // an idle connection keeps no buffer
        continue;
      }
      if (is_again) return taken;
      core.stuck = record;
      return taken + record.size() - 1;
    }
    return taken;
  }

  /// What is wrong with a certificate is what a person can mend: it is said in words.
  static std::string why_refused(const Secured& core) {
    if (ERR_GET_REASON(ERR_peek_last_error()) != SSL_R_CERTIFICATE_VERIFY_FAILED)
      return why_failed();
    const long found = SSL_get_verify_result(core.session);
    if (found == X509_V_ERR_HOSTNAME_MISMATCH || found == X509_V_ERR_IP_ADDRESS_MISMATCH)
      return "its certificate is for another name";
    return std::string("its certificate is not trusted: ") + X509_verify_cert_error_string(found);
  }

  Core core_;
  std::uint32_t reads_at_once_ = 0;
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
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);  // tickets resume without memory
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
