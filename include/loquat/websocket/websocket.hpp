#pragma once
#include <memory>

#include "loquat/contracts/conversations.hpp"
#include "loquat/edge/routes.hpp"
#include "loquat/websocket/config.hpp"

namespace loquat::degradation {
class HealthBoard;
}

/// The WebSocket transport of the session log: GET /ws/chat/{id} (contract, section 2).
namespace loquat::websocket {

struct Ports {
  edge::Routes& routes;  ///< for who calls; also where add_routes puts the door
  contracts::Conversations& conversations;
  observability::Telemetry& telemetry;
  degradation::HealthBoard& board;
  contracts::FeedbackIntake* feedback = nullptr;  ///< null: such frames get an error
  contracts::ModeSwitch* modes = nullptr;         ///< null: such frames get an error
};

/// Loop thread only. Must outlive its connections: drain before it goes.
class WebSocketRoom {
 public:
  virtual ~WebSocketRoom() = default;
  /// Before the server starts.
  virtual void add_routes() = 0;
  /// Refuses new connections and closes those there are with 1001, spread over time so that their
  /// clients do not come back in one instant; returns when all are gone or at `deadline`.
  [[nodiscard]] virtual contracts::Task<void> drain(Time deadline) = 0;
  [[nodiscard]] virtual std::size_t connections() const noexcept = 0;
};
[[nodiscard]] std::unique_ptr<WebSocketRoom> make_websocket(boost::asio::any_io_executor executor,
                                                            WebSocketConfig config, Ports ports);

}  // namespace loquat::websocket
