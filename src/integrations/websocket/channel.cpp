#include "channel.hpp"

#include <algorithm>

#include "connection.hpp"
#include "loquat/runtime/task.hpp"

namespace loquat::websocket {
namespace {
constexpr std::size_t kEntriesMax = 256;
constexpr std::size_t kChunkBytes = 64U << 10U;
constexpr std::size_t kOffersAtOnce = 64;  // about half a millisecond; then others get their turn
}  // namespace

Channel::Channel(std::shared_ptr<contracts::SessionLog> log, FrameMaker& frames,
                 runtime::TaskGroup& group)
    : log_(std::move(log)), frames_(frames), group_(group), head_(log_->last_seq()) {
  log_->listen(*this);
}
Channel::~Channel() { log_->unlisten(*this); }

void Channel::join(std::shared_ptr<Connection> connection) {
  connections_.push_back(std::move(connection));
}

void Channel::leave(const Connection& connection) noexcept {
  const auto found = std::ranges::find_if(
      connections_, [&](const auto& other) { return other.get() == &connection; });
  if (found == connections_.end()) return;
  std::swap(*found, connections_.back());
  connections_.pop_back();
}

void Channel::on_news() noexcept {
  if (is_delivering_ || connections_.empty()) return;
  is_delivering_ = true;
  group_.spawn("websocket.deliver", deliver(shared_from_this()));
}

runtime::Task<void> Channel::deliver(std::shared_ptr<Channel> self) {
  static_cast<void>(self);
  while (head_ < log_->last_seq() && !connections_.empty()) {
    auto entries = co_await log_->read(head_, kEntriesMax, kChunkBytes);
    if (!entries || entries->empty()) break;  // everybody finds out for himself
    Chunk chunk = frames_.make(std::move(*entries));
    head_ = chunk.last;
    co_await offer_to_all(std::move(chunk));
  }
  head_ = log_->last_seq();
  is_delivering_ = false;
  // Nobody is left behind: who could not take what was offered, or was offered nothing, reads.
  const auto everybody = connections_;
  for (const auto& connection : everybody) connection->catch_up();
}

runtime::Task<void> Channel::offer_to_all(Chunk chunk) {
  if (connections_.size() <= kOffersAtOnce) {
    const auto everybody = connections_;  // an offer may end a connection
    for (const auto& connection : everybody) connection->offer(chunk);
    co_return;
  }
  const auto everybody = connections_;
  for (std::size_t i = 0; i < everybody.size(); ++i) {
    everybody[i]->offer(chunk);
    if (i % kOffersAtOnce == kOffersAtOnce - 1) co_await runtime::yield_to_others();
  }
}

}  // namespace loquat::websocket
