#pragma once
#include <memory>
#include <string>
#include <vector>

#include "frames.hpp"
#include "loquat/contracts/conversations.hpp"
#include "loquat/runtime/task_group.hpp"

namespace loquat::websocket {

class Connection;

/// All connections of one session: reads what is new once, frames it once, and hands it to
/// everybody who stands at the log's end. Who stands elsewhere reads for himself. Costs nothing
/// while nothing happens.
class Channel final : public contracts::LogListener, public std::enable_shared_from_this<Channel> {
 public:
  Channel(std::shared_ptr<contracts::SessionLog> log, FrameMaker& frames,
          runtime::TaskGroup& group);
  ~Channel() override;
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  void join(std::shared_ptr<Connection> connection);
  void leave(const Connection& connection) noexcept;
  void on_news() noexcept override;
  [[nodiscard]] bool is_closed() const noexcept { return log_->is_closed(); }

 private:
  /// `self`: the task may begin when the last connection has left.
  runtime::Task<void> deliver(std::shared_ptr<Channel> self);
  runtime::Task<void> offer_to_all(Chunk chunk);
  std::shared_ptr<contracts::SessionLog> log_;
  FrameMaker& frames_;
  runtime::TaskGroup& group_;
  std::vector<std::shared_ptr<Connection>> connections_;
  std::uint64_t head_;  ///< everything up to it was offered
  bool is_delivering_ = false;
};

}  // namespace loquat::websocket
