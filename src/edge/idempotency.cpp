#include "idempotency.hpp"

#include <boost/asio/this_coro.hpp>

namespace loquat::edge {

Idempotency::Turn::~Turn() {
  if (owner_ != nullptr) owner_->leave(key_);
}

void Idempotency::leave(const Key& key) {
  const auto found = running_.find(key.scope);
  if (found == running_.end()) return;
  const auto running = found->second;
  running_.erase(found);
  running->ended.notify_all();
}

void Idempotency::remember(contracts::IdempotencyRecord record) {
  if (const auto known = by_scope_.find(record.scope); known != by_scope_.end()) {
    memory_.erase(known->second);
    by_scope_.erase(known);
  }
  while (memory_.size() >= kMemoryMax) {
    by_scope_.erase(memory_.back().scope);
    memory_.pop_back();
  }
  memory_.push_front(std::move(record));
  by_scope_[memory_.front().scope] = memory_.begin();
}

Task<Result<std::optional<contracts::IdempotencyRecord>>> Idempotency::find(std::string scope) {
  if (store_ != nullptr) {
    auto stored = co_await store_->find(scope);
    if (stored && *stored) co_return stored;
  }
  // Also with a store: what it could not take was remembered here.
  const auto known = by_scope_.find(scope);
  if (known == by_scope_.end()) co_return std::optional<contracts::IdempotencyRecord>();
  co_return std::optional<contracts::IdempotencyRecord>(*known->second);
}

Task<Result<Idempotency::Entry>> Idempotency::enter(Key key) {
  const auto executor = co_await boost::asio::this_coro::executor;
  const auto conflict = fail(Errc::conflict, "This X-Idempotency-Key was used with another body.");
  for (;;) {
    const auto found = running_.find(key.scope);
    if (found == running_.end()) break;
    const auto running = found->second;
    if (running->body_hash != key.body_hash) co_return conflict;
    co_await running->ended.wait();
  }
  auto running = std::make_shared<Running>(executor);
  running->body_hash = key.body_hash;
  running_[key.scope] = std::move(running);
  Entry entry;
  entry.turn.owner_ = this;
  entry.turn.key_ = key;
  const auto record = co_await find(key.scope);
  if (!record || !*record || (*record)->expires_at <= wall_.now()) co_return entry;
  if ((*record)->body_hash != key.body_hash) co_return conflict;
  KeptReply reply;
  reply.status = (*record)->status;
  reply.body = (*record)->response;
  entry.known = std::move(reply);
  co_return entry;
}

Task<void> Idempotency::keep(const Turn& turn, KeptReply reply) {
  contracts::IdempotencyRecord record;
  record.scope = turn.key_.scope;
  record.body_hash = turn.key_.body_hash;
  record.status = reply.status;
  record.response = std::move(reply.body);
  record.expires_at = wall_.now() + kLife;
  if (store_ == nullptr) {
    remember(std::move(record));
    co_return;
  }
  auto copy = record;
  const auto stored = co_await store_->put(std::move(copy));
  if (!stored) remember(std::move(record));
}

}  // namespace loquat::edge
