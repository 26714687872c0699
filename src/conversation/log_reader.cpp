#include "log_reader.hpp"

#include <algorithm>

namespace loquat::conversation {

using contracts::LogEntry;

contracts::Task<Result<std::vector<LogEntry>>> LogReader::read(std::uint64_t after,
                                                               std::size_t limit,
                                                               std::size_t bytes_max) {
  const LogBuffer& log = session_->log;
  if (const auto allowed = may_read(); !allowed) co_return allowed.error();
  if (after > log.last_seq())
    co_return fail(Errc::invalid_request, "`after` is " + std::to_string(after) +
                                              ", but the last entry is " +
                                              std::to_string(log.last_seq()) + ".");
  if (after + 1 < log.first_seq())
    co_return fail(Errc::not_found,
                   "Entries before " + std::to_string(log.first_seq()) + " are no longer kept.");
  if (after + 1 >= log.first_in_memory()) co_return log.read(after, limit, bytes_max);
  co_return co_await read_stored(after, limit, bytes_max);
}

std::uint64_t LogReader::next_kept(std::uint64_t after) const noexcept {
  const std::uint64_t wanted = std::max(after + 1, session_->log.first_seq());
  auto hole = session_->holes.upper_bound(wanted);
  if (hole == session_->holes.begin()) return wanted;
  --hole;
  return hole->second >= wanted ? hole->second + 1 : wanted;
}

Result<void> LogReader::may_read() const {
  if (may_see_personal_data_ || !session_->shows_personal_data.value_or(false)) return {};
  return shows_personal_data();
}

void LogReader::note_hole(std::uint64_t first, std::uint64_t last) {
  constexpr std::size_t kHolesMax = 64;  // one for each time that the store was away
  if (session_->holes.size() >= kHolesMax) session_->holes.erase(session_->holes.begin());
  session_->holes[first] = last;
}

contracts::Task<Result<std::vector<LogEntry>>> LogReader::read_stored(std::uint64_t after,
                                                                      std::size_t limit,
                                                                      std::size_t bytes_max) {
  const std::uint64_t in_memory = session_->log.first_in_memory();
  const auto wanted = std::min<std::uint64_t>(limit, in_memory - after - 1);
  auto stored = co_await store_.read_entries(session_->info.session_id, after,
                                             static_cast<std::size_t>(wanted));
  if (!stored) co_return stored.error();
  std::vector<LogEntry> out;
  std::size_t bytes = 0;
  for (auto& entry : *stored) {
    // A hole, where the store was away: the reader is owed a gap, never a silent jump.
    if (entry.seq != after + 1 + out.size()) break;
    bytes += entry.bytes->size();
    if (!out.empty() && bytes > bytes_max) break;
    out.push_back({entry.seq, std::move(entry.type), std::move(entry.bytes)});
  }
  if (out.empty()) {
    const std::uint64_t next = stored->empty()
                                   ? std::max(session_->log.first_in_memory(), in_memory)
                                   : stored->front().seq;
    note_hole(after + 1, next - 1);
    co_return fail(Errc::not_found, "The entries after " + std::to_string(after) + " are lost.");
  }
  // One page over both: who reads a short log must not take the stored part for the whole.
  const std::uint64_t next = after + out.size();
  if (out.size() < limit && bytes < bytes_max && next + 1 >= session_->log.first_in_memory())
    for (auto& entry : session_->log.read(next, limit - out.size(), bytes_max - bytes))
      out.push_back(std::move(entry));
  co_return out;
}

contracts::Task<void> LogReader::wait(std::uint64_t after) {
  while (session_->log.last_seq() <= after && !session_->is_closed)
    co_await session_->changed.wait();
}

}  // namespace loquat::conversation
