#include "loquat/security/authenticator.hpp"

#include <fstream>
#include <iterator>

#include "jwt_verifier.hpp"
#include "loquat/runtime/sync.hpp"
#include "loquat/runtime/task.hpp"
#include "verified_tokens.hpp"

namespace loquat::security {
namespace {

constexpr std::size_t kIdBytesMax = 128;

bool is_good_id(std::string_view id) {
  if (id.empty() || id.size() > kIdBytesMax) return false;
  for (const char c : id)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
  return true;
}

/// Where nobody proves anything: the headers are believed.
class OpenAuthenticator final : public Authenticator {
 public:
  Result<contracts::Principal> authenticate(const Credentials& credentials) const override {
    contracts::Principal principal;
    principal.tenant_id = credentials.tenant_header.empty() ? "demo" : credentials.tenant_header;
    principal.user_id = credentials.user_header.empty() ? "demo" : credentials.user_header;
    // `_` starts tenants of our own, such as `_unauthenticated`.
    if (!is_good_id(principal.tenant_id) || principal.tenant_id.starts_with('_'))
      return fail(Errc::invalid_request, "X-Tenant-ID must be 1 to 128 printable characters");
    if (!is_good_id(principal.user_id))
      return fail(Errc::invalid_request, "X-User-ID must be 1 to 128 printable characters");
    principal.roles = {"operator"};
    principal.auth_method = "none";
    principal.ip = credentials.ip;
    return principal;
  }
  AuthMode mode() const noexcept override { return AuthMode::none; }
};

class TokenAuthenticator : public Authenticator {
 public:
  TokenAuthenticator(JwtConfig config, const WallClock& wall, KeyRing ring)
      : config_(config), verifier_(std::move(config), wall), ring_(std::move(ring)), wall_(wall) {}

  Result<contracts::Principal> authenticate(const Credentials& credentials) const override {
    const auto token = token_of(credentials);
    if (token.empty()) return fail(Errc::unauthorized, "a token is required");
    const auto now = wall_.now();
    const auto* claims = verified_.find(token, now);
    if (claims == nullptr) {
      auto proven = verifier_.verify(token, ring_);
      if (!proven) return proven.error();
      verified_.put(token, std::move(*proven), now);
      claims = verified_.find(token, now);
    }
    contracts::Principal principal;
    principal.tenant_id = claims->tenant;
    principal.user_id = claims->subject;
    principal.roles = claims->roles;
    principal.attributes = claims->kept;
    if (!claims->has_roles && !config_.default_role.empty())
      principal.roles = {config_.default_role};
    principal.expires_at = claims->expires_at;
    principal.auth_method = "jwt";
    principal.ip = credentials.ip;
    if (!is_good_id(principal.tenant_id) || principal.tenant_id.starts_with('_'))
      return fail(Errc::unauthorized, "the token names no tenant");
    if (!is_good_id(principal.user_id))
      return fail(Errc::unauthorized, "the token names no subject");
    if (!credentials.tenant_header.empty() && credentials.tenant_header != principal.tenant_id)
      return fail(Errc::forbidden, "X-Tenant-ID names another tenant than the token");
    if (!credentials.user_header.empty() && credentials.user_header != principal.user_id)
      return fail(Errc::forbidden, "X-User-ID names another user than the token");
    return principal;
  }
  AuthMode mode() const noexcept override { return AuthMode::jwt; }

 protected:
  const JwtConfig& config() const noexcept { return config_; }
  const KeyRing& ring() const noexcept { return ring_; }
  /// What the keys of before had proven must be proven again.
  void set_keys(std::vector<VerifyKey> keys) {
    ring_.replace(std::move(keys));
    verified_.clear();
  }

 private:
  static std::string_view token_of(const Credentials& credentials) {
    const auto bearer = bearer_of(credentials.authorization);
    return bearer.empty() ? credentials.bare_token : bearer;
  }
  JwtConfig config_;
  JwtVerifier verifier_;
  KeyRing ring_;
  const WallClock& wall_;
  mutable VerifiedTokens verified_;
};

/// Takes its keys from the issuer.
class FetchingAuthenticator final : public TokenAuthenticator {
 public:
  FetchingAuthenticator(const JwtConfig& config, const WallClock& wall, KeyPorts ports)
      : TokenAuthenticator(config, wall, KeyRing()),
        ports_(std::move(ports)),
        fetched_(ports_.executor),
        wanted_(ports_.executor),
        schedule_({config.jwks_refresh, config.jwks_keep, config.jwks_cooldown}) {}

  contracts::Task<void> learn_keys(std::string token) override {
    const auto kid = key_name(token);
    if (!kid || ring().find(*kid, config().algorithm) != nullptr) co_return;
    if (is_fetching_) {
      co_await fetched_.wait();
      co_return;
    }
    if (!schedule_.may_fetch_for_unknown(Clock::now())) co_return;
    if (!is_kept_) co_return co_await fetch();
    // By another's hand: who asks and goes away must not use up the one fetch that there is.
    is_wanted_ = true;
    wanted_.notify_all();
    co_await fetched_.wait();
  }

  contracts::Task<void> keep_keys() override {
    const Keeping keeping(*this);
    for (;;) {
      is_wanted_ = false;
      co_await fetch();
      while (!is_wanted_ && Clock::now() < schedule_.next_fetch())
        static_cast<void>(co_await wanted_.wait_until(schedule_.next_fetch()));
    }
  }

 private:
  struct Keeping {
    explicit Keeping(FetchingAuthenticator& o) : owner(o) { owner.is_kept_ = true; }
    ~Keeping() {
      owner.is_kept_ = false;
      owner.fetched_.notify_all();
    }
    Keeping(const Keeping&) = delete;
    Keeping& operator=(const Keeping&) = delete;
    FetchingAuthenticator& owner;
  };
  /// Also a fetch whose caller goes away ends, and wakes who waits for it.
  struct Running {
    explicit Running(FetchingAuthenticator& o) : owner(o) {
      owner.is_fetching_ = true;
      owner.schedule_.began(Clock::now());
    }
    ~Running() {
      if (!has_ended) owner.schedule_.failed(Clock::now());
      owner.is_fetching_ = false;
      owner.fetched_.notify_all();
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    FetchingAuthenticator& owner;
    bool has_ended = false;
  };

  contracts::Task<void> fetch() {
    Running running(*this);
    const auto body = co_await ports_.fetch(config().jwks_url);
    auto keys = body ? parse_jwks(*body) : Result<std::vector<VerifyKey>>(body.error());
    const auto now = Clock::now();
    const std::string error = keys ? std::string() : keys.error().detail;
    if (keys) {
      set_keys(std::move(*keys));
      schedule_.succeeded(now);
    } else {
      schedule_.failed(now);
      if (!schedule_.is_believed(now)) set_keys({});
    }
    running.has_ended = true;
    if (ports_.on_state) ports_.on_state(schedule_.is_believed(now), error);
  }

  KeyPorts ports_;
  runtime::Notification fetched_, wanted_;
  KeySchedule schedule_;
  bool is_fetching_ = false, is_wanted_ = false, is_kept_ = false;
};

Result<std::string> read_key(const JwtConfig& config) {
  if (!config.key.empty()) return config.key.reveal();
  if (config.key_path.empty())
    return fail(Errc::invalid_request,
                "auth.mode jwt needs auth.jwt.key, auth.jwt.key_path or auth.jwt.jwks_url");
  std::ifstream in(config.key_path, std::ios::binary);
  std::string key{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in.is_open() || key.empty())
    return fail(Errc::invalid_request, "auth.jwt.key_path cannot be read: " + config.key_path);
  // An editor's line end is no part of a shared secret.
  while (config.algorithm == JwtAlgorithm::HS256 && (key.ends_with('\n') || key.ends_with('\r')))
    key.pop_back();
  return key;
}

}  // namespace

contracts::Task<void> Authenticator::learn_keys(std::string) { co_return; }
contracts::Task<void> Authenticator::keep_keys() { co_return; }

std::string_view bearer_of(std::string_view authorization) noexcept {
  constexpr std::string_view kScheme = "bearer ";
  if (authorization.size() <= kScheme.size()) return {};
  for (std::size_t i = 0; i < kScheme.size(); ++i)
    if ((authorization[i] | 0x20) != kScheme[i]) return {};
  return authorization.substr(kScheme.size());
}

bool is_loopback(std::string_view host) noexcept {
  return host == "localhost" || host == "::1" || host == "[::1]" || host.starts_with("127.");
}

Result<std::unique_ptr<Authenticator>> Authenticator::make(const AuthConfig& config,
                                                           std::string_view http_host,
                                                           const WallClock& wall, KeyPorts ports) {
  if (config.mode == AuthMode::none) {
    if (!is_loopback(http_host))
      return fail(Errc::invalid_request,
                  "auth.mode none is allowed only where http.host is a loopback address; it is " +
                      std::string(http_host));
    return std::unique_ptr<Authenticator>(std::make_unique<OpenAuthenticator>());
  }
  if (!config.jwt.jwks_url.empty()) {
    if (config.jwt.algorithm == JwtAlgorithm::HS256)
      return fail(Errc::invalid_request,
                  "auth.jwt.jwks_url needs auth.jwt.algorithm RS256 or ES256");
    if (!config.jwt.key.empty() || !config.jwt.key_path.empty())
      return fail(Errc::invalid_request,
                  "auth.jwt.jwks_url stands beside a key: only one of them can be meant");
    if (!ports.fetch) return fail(Errc::invalid_request, "auth.jwt.jwks_url cannot be fetched");
    return std::unique_ptr<Authenticator>(
        std::make_unique<FetchingAuthenticator>(config.jwt, wall, std::move(ports)));
  }
  auto material = read_key(config.jwt);
  if (!material) return material.error();
  auto key = fixed_key(config.jwt.algorithm, std::move(*material));
  if (!key) return key.error();
  return std::unique_ptr<Authenticator>(
      std::make_unique<TokenAuthenticator>(config.jwt, wall, KeyRing::fixed(std::move(*key))));
}

}  // namespace loquat::security
