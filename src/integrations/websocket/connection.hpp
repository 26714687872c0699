#pragma once
#include <memory>
#include <string>

#include "connection_fsm.hpp"
#include "events.hpp"
#include "loquat/net/web_socket.hpp"
#include "loquat/runtime/sync.hpp"
#include "loquat/runtime/task_group.hpp"
#include "loquat/websocket/websocket.hpp"

namespace loquat::websocket {

using contracts::Task;

/// What a connection is about; proven and looked up before the 101.
struct Admitted {
  contracts::Principal principal;
  contracts::RequestContext context;
  std::string session_id;
  std::shared_ptr<contracts::SessionLog> log;
  Place place;
};

/// Does what the machine says: one task reads frames, one follows the log, one writes, one keeps
/// time. They meet at the queue.
class Connection {
 public:
  Connection(boost::asio::any_io_executor executor, const WebSocketConfig& config, Ports& ports,
             std::unique_ptr<net::Stream> stream, Admitted admitted);
  /// Returns when the connection is closed and its tasks have ended.
  [[nodiscard]] Task<void> run(std::string early);
  /// Says goodbye with a code; the peer has a moment to take it.
  void end(wire::CloseCode code, std::string_view reason);
  /// Ends it at once, without a word.
  void cut() { finish(EndReason::going_away); }
  [[nodiscard]] std::uint64_t cursor() const noexcept { return cursor_; }

 private:
  Task<void> read_loop(std::string early);
  Task<void> follow_loop();
  Task<void> write_loop();
  Task<void> tick_loop();
  /// False: the connection is to end.
  Task<bool> on_event(net::WsReader::Event event);
  Task<void> perform_all(Actions actions);
  Task<void> perform(Submit submit);
  Task<void> perform(CancelTurn cancel);
  Task<void> perform(GiveFeedback feedback);
  Task<void> perform(SetMode mode);
  /// Right, rate and audit trail of one act. Errors as of a REST call.
  Task<Result<void>> admit(security::Right right, std::string action);
  void send(Action action);
  void push(std::string frame, bool is_entry);
  void close_with(std::uint16_t code, std::string_view reason);
  void finish(EndReason reason);
  [[nodiscard]] LogState log_state() const;
  [[nodiscard]] contracts::RequestContext new_context() const;
  [[nodiscard]] std::size_t half_queue() const noexcept;

  boost::asio::any_io_executor executor_;
  const WebSocketConfig& config_;
  Ports& ports_;
  std::unique_ptr<net::Stream> stream_;
  Admitted admitted_;
  ConnectionFsm fsm_;
  OutQueue queue_;
  runtime::TaskGroup group_;
  runtime::Notification queued_, room_, moved_, ended_;
  std::uint64_t cursor_ = 0, moves_ = 0;
  bool is_closing_ = false, is_close_sent_ = false, is_peer_done_ = false, is_finished_ = false;
  Time close_deadline_ = runtime::kNever;
  EndReason reason_ = EndReason::lost;
};

}  // namespace loquat::websocket
