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
  const auto known = co_await find(key.scope);
  const bool is_known = known && *known && (*known)->expires_at > wall_.now();
  if (!is_known) {
    co_await put(record_of(entry.turn));
    co_return entry;
  }
  if ((*known)->body_hash != key.body_hash) co_return conflict;
  if ((*known)->status == 0) co_return entry;
  KeptReply reply;
  reply.status = (*known)->status;
  reply.body = (*known)->response;
  entry.known = std::move(reply);
  co_return entry;
}

contracts::IdempotencyRecord Idempotency::record_of(const Turn& turn) const {
  contracts::IdempotencyRecord record;
  record.scope = turn.key_.scope;
  record.body_hash = turn.key_.body_hash;
  record.expires_at = wall_.now() + kLife;
  return record;
}

Task<void> Idempotency::put(contracts::IdempotencyRecord record) {
  if (store_ != nullptr) {
    auto copy = record;
    const auto stored = co_await store_->put(std::move(copy));
    if (stored) co_return;
  }
  remember(std::move(record));
}

Task<void> Idempotency::keep(const Turn& turn, KeptReply reply) {
  auto record = record_of(turn);
  record.status = reply.status;
  record.response = std::move(reply.body);
  co_await put(std::move(record));
}

Task<void> Idempotency::forget(const Turn& turn) {
  auto record = record_of(turn);
  record.expires_at = wall_.now();
  record.status = 400;
  co_await put(std::move(record));
}

}  // namespace loquat::edge
