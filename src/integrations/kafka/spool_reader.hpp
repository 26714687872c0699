#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "loquat/degradation/spool.hpp"
#include "loquat/runtime/runtime.hpp"
#include "outbox_fsm.hpp"

namespace loquat::kafka {

/// Reads the spool on its thread, the next piece while the loop works on this one. Loop thread
/// only. What a read gives is what it would give if nothing had been read ahead.
class SpoolReader {
 public:
  using Records = Result<std::vector<SpooledOut>>;
  /// `pool`: one thread, the spool's. `source`: `/loquat/<instance>`.
  SpoolReader(runtime::Executor loop, runtime::WorkerPool& pool, runtime::TaskGroup& tasks,
              std::string source)
      : loop_(std::move(loop)), pool_(pool), tasks_(tasks), source_(std::move(source)) {}

  /// `spool` outlives every task of the group.
  [[nodiscard]] runtime::Task<Records> read(degradation::Spool& spool, ReadSpool job);
  /// These are no longer to be read; told before the spool is.
  void acknowledged(const std::vector<std::uint64_t>& positions);

 private:
  struct Ahead {
    Ahead(runtime::Executor loop, ReadSpool wanted) : job(wanted), done(std::move(loop)) {}
    ReadSpool job;
    bool is_stale = false;
    std::optional<Records> records;
    runtime::Notification done;
  };
  [[nodiscard]] runtime::Task<Records> read_now(degradation::Spool& spool, ReadSpool job);
  [[nodiscard]] runtime::Task<void> read_ahead(degradation::Spool& spool,
                                               std::shared_ptr<Ahead> ahead);
  [[nodiscard]] runtime::Task<std::optional<Records>> take_ahead(ReadSpool job);

  runtime::Executor loop_;
  runtime::WorkerPool& pool_;
  runtime::TaskGroup& tasks_;
  const std::string source_;
  std::shared_ptr<Ahead> ahead_;
};

}  // namespace loquat::kafka
