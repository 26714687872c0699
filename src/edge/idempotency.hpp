#pragma once
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "loquat/base/sources.hpp"
#include "loquat/contracts/stores.hpp"
#include "loquat/runtime/sync.hpp"

namespace loquat::edge {

using contracts::Task;

/// What an answered request said.
struct KeptReply {
  int status = 0;
  std::string body;
};

/// One effect per key: the first request runs, those in flight beside it wait for its answer, later
/// ones get what was kept. The key is bound to its body before the effect, on disk: whoever finds
/// it bound and not answered (the process died in between, or failed) runs again, with the same
/// body only, and makes what it makes under an id that comes from key and body. Only successes are
/// answered again; after a request that was wrong the key is free.
class Idempotency {
 public:
  static constexpr std::chrono::hours kLife{24};
  static constexpr std::size_t kMemoryMax = 10'000;
  Idempotency(const WallClock& wall, contracts::IdempotencyStore* store)
      : wall_(wall), store_(store) {}

  struct Key {
    std::string scope, body_hash;
  };
  /// Holds the scope while the first request runs; destroyed without `keep`, it lets the next in.
  class Turn {
   public:
    Turn() = default;
    Turn(Turn&& other) noexcept { *this = std::move(other); }
    Turn& operator=(Turn&& other) noexcept {
      std::swap(owner_, other.owner_);
      std::swap(key_, other.key_);
      return *this;
    }
    ~Turn();

   private:
    friend class Idempotency;
    Idempotency* owner_ = nullptr;
    Key key_;
  };
  struct Entry {
    std::optional<KeptReply> known;  ///< answer with this
    Turn turn;                       ///< or run, then `keep`
  };
  /// Errors: conflict if the key is known with another body.
  [[nodiscard]] Task<Result<Entry>> enter(Key key);
  [[nodiscard]] Task<void> keep(const Turn& turn, KeptReply reply);
  /// The request was refused and had no effect: the key is free.
  [[nodiscard]] Task<void> forget(const Turn& turn);

 private:
  struct Running {
    explicit Running(runtime::Executor executor) : ended(std::move(executor)) {}
    std::string body_hash;
    runtime::Notification ended;
  };
  void leave(const Key& key);
  void remember(contracts::IdempotencyRecord record);
  Task<Result<std::optional<contracts::IdempotencyRecord>>> find(std::string scope);
  Task<void> put(contracts::IdempotencyRecord record);
  [[nodiscard]] contracts::IdempotencyRecord record_of(const Turn& turn) const;

  const WallClock& wall_;
  contracts::IdempotencyStore* store_;
  std::map<std::string, std::shared_ptr<Running>, std::less<>> running_;
  std::list<contracts::IdempotencyRecord> memory_;  ///< used where there is no store; newest first
  std::map<std::string, std::list<contracts::IdempotencyRecord>::iterator, std::less<>> by_scope_;
};

}  // namespace loquat::edge
