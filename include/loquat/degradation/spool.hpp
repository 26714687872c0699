#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "loquat/base/result.hpp"

namespace loquat::degradation {

struct SpoolLimits {
  std::uint64_t bytes_max = 256U << 20U;
  std::uint64_t segment_bytes = 8U << 20U;
  /// Share of bytes_max that only records of the reserved kind may use.
  double reserved_share = 0.25;
};

struct SpoolRecord {
  std::string key;  ///< ordering key, e.g. tenant
  std::string topic;
  std::string event_id;
  std::string payload;
  bool reserved = false;  ///< counts against the reserved share (audit)
  std::string head;       ///< what its owner wants beside the payload, for the owner alone to read
};
struct SpooledRecord {
  std::uint64_t position = 0;  ///< rises by one per record, across segments and restarts
  SpoolRecord record;
};

/// A log on disk that keeps records until they are acknowledged: segments of checksummed frames,
/// appended and fsynced. Blocking: one thread at a time (a worker pool's serial queue), never the
/// loop. Not a queue in memory: it holds positions and offsets only.
///
/// Frame: magic u32, length u32 of what follows the checksum, CRC-32C u32 (RFC 3720, appendix B.4),
/// position u64, flags u8, then topic, key, event_id, payload, head, each a u32 length and bytes;
/// little endian. Recovery reads every segment: a frame that is cut short at the end of the last
/// segment is truncated away; a frame whose checksum is wrong is skipped and counted, and reading
/// goes on at the next magic.
class Spool {
 public:
  /// Opens or creates the folder and recovers. Errors: io, with the folder's name but no record's
  /// content.
  [[nodiscard]] static Result<std::unique_ptr<Spool>> open(std::filesystem::path folder,
                                                           SpoolLimits limits);
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  /// Appends all and fsyncs once (group commit). Errors: buffer_full if they do not fit, io if the
  /// disk refuses; in both cases nothing of the batch is kept.
  [[nodiscard]] Result<std::vector<std::uint64_t>> append(const std::vector<SpoolRecord>& records);
  /// Unacknowledged records with position > `after`, oldest first, at most `limit`, and of at most
  /// `bytes_max` on disk but for the first. Reads that part of the file only. Errors: io.
  [[nodiscard]] Result<std::vector<SpooledRecord>> read(std::uint64_t after, std::size_t limit,
                                                        std::uint64_t bytes_max = 4U << 20U);
  /// These are delivered. A segment goes once all of its records are; survives a restart
  /// approximately: what was acknowledged since its segment's last removal may be read again
  /// (copies are harmless).
  [[nodiscard]] Result<void> acknowledge(const std::vector<std::uint64_t>& positions);

  struct Stats {
    std::uint64_t records = 0;    ///< not acknowledged
    std::uint64_t bytes = 0;      ///< on disk
    std::uint64_t skipped = 0;    ///< damaged frames found by recovery
    std::uint64_t truncated = 0;  ///< torn tails cut off by recovery
    std::uint64_t last_position = 0;
    std::map<std::string, std::uint64_t> found;  ///< by recovery: records of each topic
  };
  [[nodiscard]] Stats stats() const;

 private:
  struct State;
  explicit Spool(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace loquat::degradation
