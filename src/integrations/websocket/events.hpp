#pragma once
#include <cstdint>
#include <string_view>

#include "loquat/observability/telemetry.hpp"

namespace loquat::websocket {

enum class EndReason {
  client,
  going_away,
  policy,
  overloaded,
  token,
  role,
  session,
  heartbeat,
  slow,
  lost
};
enum class RefusalReason { full, origin, draining, handshake, share, rate };

struct ConnectionEnded {
  EndReason reason;
  static constexpr auto level = observability::Level::debug;
  static constexpr std::string_view name = "websocket.connection_ended";
  static constexpr std::string_view message = "A connection ended.";
  static constexpr observability::CounterSpec counter{"loquat_websocket_ended_connections_total",
                                                      "Connections ended, by reason."};
  template <class V>
  void fields(V& v) const {
    v("reason", reason);
  }
  template <class V>
  void labels(V& v) const {
    v("reason", reason);
  }
};
struct ConnectionRefused {
  RefusalReason reason;
  static constexpr auto level = observability::Level::warning;
  static constexpr std::string_view name = "websocket.connection_refused";
  static constexpr std::string_view message = "A connection was refused; other transports serve.";
  static constexpr observability::CounterSpec counter{"loquat_websocket_refused_connections_total",
                                                      "Connections refused, by reason."};
  template <class V>
  void fields(V& v) const {
    v("reason", reason);
  }
  template <class V>
  void labels(V& v) const {
    v("reason", reason);
  }
};

}  // namespace loquat::websocket

namespace loquat {
LOQUAT_ENUM(websocket::EndReason, 10,
            {{{websocket::EndReason::client, "client"},
              {websocket::EndReason::going_away, "going_away"},
              {websocket::EndReason::policy, "policy"},
              {websocket::EndReason::overloaded, "overloaded"},
              {websocket::EndReason::token, "token"},
              {websocket::EndReason::role, "role"},
              {websocket::EndReason::session, "session"},
              {websocket::EndReason::heartbeat, "heartbeat"},
              {websocket::EndReason::slow, "slow"},
              {websocket::EndReason::lost, "lost"}}});
LOQUAT_ENUM(websocket::RefusalReason, 6,
            {{{websocket::RefusalReason::full, "full"},
              {websocket::RefusalReason::origin, "origin"},
              {websocket::RefusalReason::draining, "draining"},
              {websocket::RefusalReason::handshake, "handshake"},
              {websocket::RefusalReason::share, "share"},
              {websocket::RefusalReason::rate, "rate"}}});
}  // namespace loquat
