#pragma once
#include <string_view>

#include "loquat/base/error.hpp"

namespace loquat::wire {

/// How an error code leaves the house: contract, section 1.
struct PublicError {
  int status;             ///< HTTP
  std::string_view name;  ///< e.g. `INVALID_REQUEST`
  bool retryable;
};
[[nodiscard]] PublicError to_http(Errc code) noexcept;

/// WebSocket close codes of ours: contract, section 2.
enum class CloseCode : unsigned short {
  going_away = 1001,
  policy = 1008,
  too_big = 1009,
  overloaded = 1013,
  token = 4401,
  role = 4403,
  no_such_session = 4404,
  heartbeat = 4408,
  too_slow = 4413,
};
[[nodiscard]] CloseCode to_close_code(Errc code) noexcept;

}  // namespace loquat::wire
