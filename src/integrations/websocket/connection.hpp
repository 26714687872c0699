#pragma once
#include <memory>
#include <string>

#include "connection_fsm.hpp"
#include "events.hpp"
#include "frames.hpp"
#include "loquat/net/web_socket.hpp"
#include "loquat/runtime/sync.hpp"
#include "loquat/runtime/task_group.hpp"
#include "loquat/websocket/websocket.hpp"
#include "out_queue.hpp"
#include "schedule.hpp"

namespace loquat::websocket {

/// What all connections of the room share.
struct Site {
  Site(boost::asio::any_io_executor ex, WebSocketConfig c, Ports p)
      : executor(ex),
        config(std::move(c)),
        ports(p),
        tasks(ex, "websocket", p.telemetry),
        schedule(ex, tasks),
        frames(config) {}
  boost::asio::any_io_executor executor;
  WebSocketConfig config;
  Ports ports;
  runtime::TaskGroup tasks;
  Schedule schedule;
  FrameMaker frames;
};

/// What a connection is about; proven and looked up before the 101.
struct Admitted {
  contracts::Principal principal;
  contracts::RequestContext context;
  std::string session_id;
  std::shared_ptr<contracts::SessionLog> log;
  std::optional<security::StreamSlots::Place> slot;  ///< of the user's and the tenant's readers
  Place place;
  std::optional<net::WsDeflate> deflate;
};

/// Does what the machine says. Only its reading is a coroutine for life, and that one holds no
/// buffer while it waits: frames go out at once where the peer takes them, tasks run only while a
/// peer is slow or behind, and one schedule keeps time for all.
class Connection final : public Sleeper, public std::enable_shared_from_this<Connection> {
 public:
  Connection(Site& site, std::unique_ptr<net::Stream> stream, Admitted admitted);
  /// Says the first words; then it may join a channel.
  void greet();
  /// Reads what the peer says; returns when the connection is over.
  [[nodiscard]] Task<void> run(std::string early);
  /// New entries of the log; taken if they are the next and there is room.
  void offer(Chunk& chunk);
  /// Reads what the log has and this reader has not, if nobody does it already.
  void catch_up();
  /// Says goodbye with a code; the peer has a moment to take it.
  void end(wire::CloseCode code, std::string_view reason);
  /// With a place to resume at, and when.
  void send_away(std::chrono::milliseconds retry_in);
  /// Ends it at once, without a word.
  void cut() { finish(EndReason::going_away); }
  void on_time(Time now) override;

 private:
  /// `self`: a task may begin when the connection is over.
  Task<void> write_rest(std::shared_ptr<Connection> self);
  Task<void> read_log(std::shared_ptr<Connection> self);
  /// Ends who sends more frames than he may.
  void count_frames();
  /// False: the connection is to end.
  Task<bool> on_event(net::WsReader::Event event);
  Task<void> perform_all(Actions actions);
  Task<void> perform(Submit submit);
  Task<void> perform(CancelTurn cancel);
  Task<void> perform(GiveFeedback feedback);
  Task<void> perform(SetMode mode);
  /// Right, rate and audit trail of one act. Errors as of a REST call.
  /// `response_id` empty: it is about the session.
  Task<Result<void>> admit(security::Right right, std::string action,
                           contracts::RequestContext context, std::string response_id);
  void send(Action action);
  void flush();
  void take(Chunk& chunk);
  /// Entries that wait are found again by their seq.
  void take_entries_back();
  void plan(Time now);
  void close_with(std::uint16_t code, std::string_view reason);
  void finish(EndReason reason);
  [[nodiscard]] bool is_full() const noexcept { return queue_.bytes() >= half_queue(); }
  [[nodiscard]] LogState log_state() const;
  [[nodiscard]] contracts::RequestContext new_context() const;
  [[nodiscard]] std::size_t half_queue() const noexcept;
  [[nodiscard]] int window_bits() const noexcept;

  Site& site_;
  std::unique_ptr<net::Stream> stream_;
  Admitted admitted_;
  ConnectionFsm fsm_;
  net::WsReader reader_;
  OutQueue queue_;
  std::unique_ptr<runtime::Notification> over_;  ///< while `run` waits for the end
  std::uint64_t cursor_ = 0, moves_ = 0;
  bool is_writing_ = false, is_reading_log_ = false;
  bool is_closing_ = false, is_peer_done_ = false, is_finished_ = false;
  bool is_deaf_ = false;  ///< the peer has broken the protocol; what it says no longer counts
  Time full_since_ = runtime::kNever;  ///< nothing has gone out since, though the queue is full
  Time close_deadline_ = runtime::kNever;
  EndReason reason_ = EndReason::lost;
  std::uint64_t frames_counted_ = 0;
  double frames_left_;  ///< what may come at once; fills up over time
  Time frames_at_;
};

}  // namespace loquat::websocket
