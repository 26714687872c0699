#include "log_buffer.hpp"

#include "loquat/base/check.hpp"

namespace loquat::conversation {

LogBuffer::LogBuffer(Limits limits, std::string session_id, std::string epoch,
                     std::uint64_t last_seq)
    : limits_(limits),
      session_id_(std::move(session_id)),
      epoch_(std::move(epoch)),
      next_seq_(last_seq + 1),
      visible_(last_seq) {}

const contracts::LogEntry& LogBuffer::append(Stamp stamp, const wire::EntryPayload& payload) {
  wire::EntryHead head{next_seq_, session_id_, std::move(stamp.message_id),
                       std::move(stamp.trace_id), stamp.timestamp};
  contracts::LogEntry entry;
  entry.seq = next_seq_++;
  entry.type = wire::type_of(payload);
  entry.bytes = std::make_shared<const std::string>(wire::encode_entry(head, payload));
  bytes_ += entry.bytes->size();
  entries_.push_back(std::move(entry));
  return entries_.back();
}

void LogBuffer::release(std::uint64_t seq) {
  LOQUAT_CHECK(seq < next_seq_);
  if (seq > visible_) visible_ = seq;
  trim();
}

void LogBuffer::trim() {
  // What readers have not been shown stays, whatever it weighs: its number is bounded by the
  // store's batch.
  while (!entries_.empty() && entries_.front().seq <= visible_ &&
         (entries_.size() > limits_.entries_max || bytes_ > limits_.bytes_max)) {
    bytes_ -= entries_.front().bytes->size();
    entries_.pop_front();
  }
}

std::uint64_t LogBuffer::first_seq() const noexcept {
  const std::uint64_t last = appended_seq();
  return last > limits_.log_max_events ? last - limits_.log_max_events + 1 : 1;
}

std::uint64_t LogBuffer::first_in_memory() const noexcept {
  return entries_.empty() ? next_seq_ : entries_.front().seq;
}

std::vector<contracts::LogEntry> LogBuffer::read(std::uint64_t after, std::size_t limit,
                                                 std::size_t bytes_max) const {
  std::vector<contracts::LogEntry> out;
  if (entries_.empty() || after >= visible_) return out;
  LOQUAT_CHECK(after + 1 >= entries_.front().seq);
  std::size_t bytes = 0;
  for (std::size_t i = after + 1 - entries_.front().seq; i < entries_.size(); ++i) {
    const auto& entry = entries_[i];
    if (entry.seq > visible_ || out.size() >= limit) break;
    bytes += entry.bytes->size();
    if (!out.empty() && bytes > bytes_max) break;
    out.push_back(entry);
  }
  return out;
}

}  // namespace loquat::conversation
