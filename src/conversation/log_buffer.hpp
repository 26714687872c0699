#pragma once
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "loquat/contracts/conversations.hpp"
#include "loquat/wire/entries.hpp"

namespace loquat::conversation {

/// The part of a session's log that is in memory, bounded in entries and bytes; older entries are
/// in the store. Gives every entry its seq and serializes it once. Pure.
///
/// An entry has three lives: appended (has a seq), stored (or known not to be storable), visible.
/// Readers see only what `release` has passed, so that nobody is shown what a crash could take
/// back.
class LogBuffer {
 public:
  struct Limits {
    std::size_t entries_max = 2'000;
    std::size_t bytes_max = 4U << 20U;
    std::uint64_t log_max_events = 10'000;  ///< of the whole log, store included
  };
  LogBuffer(Limits limits, std::string session_id, std::string epoch, std::uint64_t last_seq);

  struct Stamp {
    std::optional<std::string> message_id, trace_id;
    WallTime timestamp{};
  };
  /// Out: the new entry, not yet visible.
  const contracts::LogEntry& append(Stamp stamp, const wire::EntryPayload& payload);
  /// Entries up to `seq` may be read from now on.
  void release(std::uint64_t seq);

  [[nodiscard]] std::uint64_t last_seq() const noexcept { return visible_; }
  [[nodiscard]] std::uint64_t appended_seq() const noexcept { return next_seq_ - 1; }
  /// Oldest seq of the whole log that is kept anywhere.
  [[nodiscard]] std::uint64_t first_seq() const noexcept;
  /// Oldest seq in memory; appended_seq() + 1 if none is.
  [[nodiscard]] std::uint64_t first_in_memory() const noexcept;
  [[nodiscard]] const std::string& epoch() const noexcept { return epoch_; }

  /// Visible entries with seq > `after`; `after` + 1 must be in memory or past the end.
  [[nodiscard]] std::vector<contracts::LogEntry> read(std::uint64_t after, std::size_t limit,
                                                      std::size_t bytes_max) const;

 private:
  void trim();
  Limits limits_;
  std::string session_id_, epoch_;
  std::uint64_t next_seq_;
  std::uint64_t visible_;
  std::deque<contracts::LogEntry> entries_;
  std::size_t bytes_ = 0;
};

}  // namespace loquat::conversation
