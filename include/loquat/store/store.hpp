#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "loquat/base/clock.hpp"
#include "loquat/base/fields.hpp"
#include "loquat/contracts/learning.hpp"
#include "loquat/contracts/stores.hpp"

namespace loquat::observability {
class Telemetry;
}

/// Everything that Loquat keeps at rest, in one SQLite file (WAL).
namespace loquat::store {

struct StoreConfig {
  std::string path;
  std::int64_t bytes_max = 0;
  std::int64_t queue_max = 10'000;
  std::int64_t log_max_events = 10'000;  ///< of each session; follows sessions.log_max_events
  std::chrono::seconds session_ttl{std::chrono::hours(24 * 30)};  ///< no setting: sessions.ttl
  std::chrono::seconds trace_ttl{std::chrono::hours(24 * 7)};
  template <class V>
  void fields(V& v) {
    using std::chrono::hours;
    using std::chrono::minutes;
    v("path", path, "SQLite file; empty: loquat.db under var_dir. `:memory:` keeps nothing.");
    v("bytes_max", bytes_max, "Largest file; past it the store counts as away. 0: no limit.",
      unit("bytes"), in(0.0, 1e15));
    v("queue_max", queue_max, "Calls that may wait; past it the store counts as away.",
      in(1, 1'000'000));
    v("trace_ttl", trace_ttl, "Spans, decisions and lineage are kept this long.",
      in(minutes(1), hours(24 * 3650)));
  }
};

/// Told on the loop's thread whenever the store comes or goes; `error` is empty when it is up.
using StateListener = std::function<void(bool is_up, std::string error)>;

struct StorePorts {
  boost::asio::any_io_executor loop;
  const WallClock& wall;
  observability::Telemetry& telemetry;
  StateListener on_state{};
  std::string boot_id{};  ///< names the machine's life since it was switched on; empty: unknown
};

/// Owns the writer thread and implements every port of contracts/stores.hpp. Loop thread only.
/// The loop must outlive it.
class Store {
 public:
  virtual ~Store() = default;
  [[nodiscard]] virtual contracts::SessionStore& sessions() = 0;
  [[nodiscard]] virtual contracts::FeedbackStore& feedback() = 0;
  [[nodiscard]] virtual contracts::IdempotencyStore& idempotency() = 0;
  [[nodiscard]] virtual contracts::ProfileStore& profiles() = 0;
  [[nodiscard]] virtual contracts::ModelStore& models() = 0;
  [[nodiscard]] virtual contracts::InsightStore& insights() = 0;
  [[nodiscard]] virtual contracts::TraceStore& traces() = 0;
  [[nodiscard]] virtual contracts::AuditChainStore& audit_chain() = 0;
  [[nodiscard]] virtual contracts::LearntStore& learnt() = 0;
  [[nodiscard]] virtual contracts::ApiKeyStore& api_keys() = 0;
  /// Calls that wait for the writer.
  [[nodiscard]] virtual std::size_t depth() const = 0;
  /// Finishes what was asked, then closes the file. Blocks for the rest of the queue: shutdown
  /// only. Later calls answer `unavailable`.
  virtual void stop() = 0;
};

/// Never fails: a file that cannot be opened makes every call answer `unavailable`, and each call
/// tries again.
[[nodiscard]] std::unique_ptr<Store> make_store(StoreConfig config, StorePorts ports);

}  // namespace loquat::store
