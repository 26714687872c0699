#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "loquat/base/clock.hpp"
#include "loquat/base/error.hpp"
#include "loquat/wire/error_codes.hpp"

/// One connection of a session's readers, without I/O: what frames mean, when to ping, when to end.
namespace loquat::websocket {

struct LogState {
  std::string epoch;
  std::uint64_t first_seq = 1, last_seq = 0;
};

struct SendText {
  std::string text;
};
struct SendPing {};  ///< the protocol's own, beside the text frame
struct Submit {
  std::string content;
  std::optional<std::string> client_id;
  bool refine = false;
};
struct CancelTurn {
  std::optional<std::string> message_id;
};
struct GiveFeedback {
  std::string body;
  std::optional<std::string> client_id;
};
struct SetMode {
  std::string mode;
};
/// Entries that wait to be sent are dropped; reading goes on behind `after`.
struct MoveCursor {
  std::uint64_t after = 0;
};
struct Close {
  wire::CloseCode code = wire::CloseCode::policy;
  std::string reason;
};
using Action =
    std::variant<SendText, SendPing, Submit, CancelTurn, GiveFeedback, SetMode, MoveCursor, Close>;
using Actions = std::vector<Action>;

struct Place {
  std::optional<std::uint64_t> after;  ///< absent: the tail
  std::optional<std::string> epoch;
};

class ConnectionFsm {
 public:
  struct Limits {
    std::chrono::seconds heartbeat_interval{30};
  };
  ConnectionFsm(Limits limits, std::optional<WallTime> token_end)
      : limits_(limits), token_end_(token_end) {}

  /// The first words: connection_ready, a gap where one is owed, the cursor.
  [[nodiscard]] Actions begin(const Place& place, const LogState& log, Time now);
  /// Anything at all has come from the peer.
  void heard(Time now) noexcept { last_heard_ = now; }
  /// One text frame of the client.
  [[nodiscard]] Actions on_frame(std::string_view text, const LogState& log);
  /// The reader's place is no longer kept.
  [[nodiscard]] Actions on_lost_place(const LogState& log);
  [[nodiscard]] Actions on_tick(Time now, WallTime wall);
  /// When on_tick has something to do at the latest.
  [[nodiscard]] Time next_tick(Time now, WallTime wall) const;

  [[nodiscard]] static Action ack(const std::optional<std::string>& client_id,
                                  std::string_view message_id, std::uint64_t seq);
  [[nodiscard]] static Action receipt(const std::optional<std::string>& client_id,
                                      std::string_view receipt_json);
  [[nodiscard]] static Action error(const Error& error,
                                    const std::optional<std::string>& client_id = {});

 private:
  Actions move_to(std::uint64_t after, const LogState& log);
  Limits limits_;
  std::optional<WallTime> token_end_;
  Time last_heard_{}, next_ping_{};
};

}  // namespace loquat::websocket
