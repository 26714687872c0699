#include "loquat/degradation/spool.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>

#include "spool_frame.hpp"

namespace loquat::degradation {
namespace {

namespace fs = std::filesystem;

constexpr int kReadsMax = 10;  // of a file, in vain, before it is given up

struct Segment {
  fs::path path;
  std::uint64_t bytes = 0;
  std::uint64_t reserved_bytes = 0;
  int failed_reads = 0;                         ///< one after the other
  std::map<std::uint64_t, std::uint64_t> open;  ///< position, not acknowledged -> where in the file
};

Error io_error(std::string_view what, const fs::path& path, int code) {
  return fail(Errc::io,
              std::string(what) + " " + path.filename().string() + ": " + std::strerror(code));
}

Result<std::string> read_range(const fs::path& path, std::uint64_t from, std::uint64_t size) {
  std::ifstream file(path, std::ios::binary);
  std::string text(size, '\0');
  file.seekg(static_cast<std::streamoff>(from));
  file.read(text.data(), static_cast<std::streamsize>(size));
  if (!file) return io_error("cannot read", path, errno);
  return text;
}

Result<std::string> read_file(const fs::path& path) {
  std::error_code code;
  const auto size = fs::file_size(path, code);
  if (code) return io_error("cannot read", path, code.value());
  return read_range(path, 0, size);
}

std::string segment_name(std::uint64_t first_position) {
  char name[40];
  static_cast<void>(std::snprintf(name, sizeof name, "%020llu.spool",
                                  static_cast<unsigned long long>(first_position)));
  return name;
}

Result<void> sync_folder(const fs::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return io_error("cannot open", folder, errno);
  const int failed = ::fsync(fd);
  const int code = errno;
  ::close(fd);
  if (failed != 0) return io_error("cannot sync", folder, code);
  return {};
}

}  // namespace

struct Spool::State {
  using Segments = std::map<std::uint64_t, Segment>;
  fs::path folder;
  SpoolLimits limits;
  Segments segments;  ///< by first position
  int fd = -1;        ///< the last segment, open for appending
  std::uint64_t next_position = 1;
  std::uint64_t bytes = 0, reserved_bytes = 0;
  Stats stats;

  Result<void> recover();
  Result<void> recover_segment(const fs::path& path, bool is_last);
  Result<void> open_segment();
  void close_segment() {
    if (fd >= 0) ::close(fd);
    fd = -1;
  }
  [[nodiscard]] bool has_room(std::uint64_t plain, std::uint64_t reserved) const;
  Result<void> write_all(const std::string& bytes_out);
  void drop_finished_segments();
  /// Gives up what cannot be read; the file stays beside the spool, for a person.
  Segments::iterator set_aside(Segments::iterator at);
};

Result<void> Spool::State::recover_segment(const fs::path& path, bool is_last) {
  auto text = read_file(path);
  if (!text) return text.error();
  Segment segment;
  segment.path = path;
  std::size_t at = 0;
  std::size_t whole_end = 0;
  while (at < text->size()) {
    auto frame = read_frame(*text, at);
    if (frame.state == FrameState::torn) break;
    if (frame.state == FrameState::whole) {
      const std::uint64_t size = frame.end - at;
      if (frame.record.record.reserved) segment.reserved_bytes += size;
      segment.open.emplace(frame.record.position, at);
      ++stats.found[frame.record.record.topic];
      next_position = std::max(next_position, frame.record.position + 1);
    } else {
      ++stats.skipped;
    }
    at = frame.end;
    whole_end = at;
  }
  if (whole_end < text->size()) {
    ++(is_last ? stats.truncated : stats.skipped);
    if (is_last && ::truncate(path.c_str(), static_cast<off_t>(whole_end)) != 0)
      return io_error("cannot truncate", path, errno);
  }
  segment.bytes = is_last ? whole_end : text->size();
  if (segment.open.empty()) {
    std::error_code ignored;
    fs::remove(path, ignored);
    return {};
  }
  bytes += segment.bytes;
  reserved_bytes += segment.reserved_bytes;
  stats.records += segment.open.size();
  const std::uint64_t first = segment.open.begin()->first;
  segments.emplace(first, std::move(segment));
  return {};
}

Result<void> Spool::State::recover() {
  std::error_code code;
  fs::create_directories(folder, code);
  if (code) return fail(Errc::io, "cannot create the spool folder: " + code.message());
  std::vector<fs::path> paths;
  for (fs::directory_iterator it(folder, code), end; !code && it != end; it.increment(code))
    if (it->path().extension() == ".spool") paths.push_back(it->path());
  if (code) return fail(Errc::io, "cannot list the spool folder: " + code.message());
  std::ranges::sort(paths);
  for (std::size_t i = 0; i < paths.size(); ++i) {
    // The name is the first position: positions never go back, even when all records of a segment
    // are damaged.
    const auto named = std::strtoull(paths[i].stem().c_str(), nullptr, 10);
    next_position = std::max(next_position, static_cast<std::uint64_t>(named));
    if (auto done = recover_segment(paths[i], i + 1 == paths.size()); !done) return done.error();
  }
  return {};
}

Result<void> Spool::State::open_segment() {
  if (fd >= 0 && !segments.empty() && segments.rbegin()->second.bytes < limits.segment_bytes)
    return {};
  close_segment();
  const fs::path path = folder / segment_name(next_position);
  fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) return io_error("cannot create", path, errno);
  if (auto synced = sync_folder(folder); !synced) {
    close_segment();
    return synced.error();
  }
  Segment fresh;
  fresh.path = path;
  segments.emplace(next_position, std::move(fresh));
  return {};
}

bool Spool::State::has_room(std::uint64_t plain, std::uint64_t reserved) const {
  const auto reserve =
      static_cast<std::uint64_t>(static_cast<double>(limits.bytes_max) * limits.reserved_share);
  // The reserved kind has its own share, and shares the rest; the others never enter the share.
  const std::uint64_t plain_bytes = bytes - reserved_bytes;
  if (plain > 0 && plain_bytes + plain > limits.bytes_max - reserve) return false;
  return bytes + plain + reserved <= limits.bytes_max;
}

Result<void> Spool::State::write_all(const std::string& bytes_out) {
  Segment& segment = segments.rbegin()->second;
  std::size_t done = 0;
  int code = 0;
  while (done < bytes_out.size() && code == 0) {
    const auto wrote = ::write(fd, bytes_out.data() + done, bytes_out.size() - done);
    if (wrote >= 0)
      done += static_cast<std::size_t>(wrote);
    else if (errno != EINTR)
      code = errno;
  }
  if (code == 0 && ::fdatasync(fd) != 0) code = errno;
  if (code == 0) return {};
  // Nothing of the batch is kept: the half-written end goes. If even that fails, recovery finds it
  // torn or finds whole records again, which are copies and harmless; but no more is appended
  // behind it.
  if (::ftruncate(fd, static_cast<off_t>(segment.bytes)) != 0) close_segment();
  return io_error("cannot append to", segment.path, code);
}

void Spool::State::drop_finished_segments() {
  for (auto it = segments.begin(); it != segments.end();) {
    Segment& segment = it->second;
    const bool is_current = fd >= 0 && std::next(it) == segments.end();
    if (!segment.open.empty() ||
        (is_current && segment.bytes < limits.segment_bytes && segment.bytes == 0)) {
      ++it;
      continue;
    }
    if (is_current) close_segment();
    std::error_code code;
    fs::remove(segment.path, code);
    bytes -= segment.bytes;
    reserved_bytes -= segment.reserved_bytes;
    it = segments.erase(it);
  }
}

Spool::State::Segments::iterator Spool::State::set_aside(Segments::iterator at) {
  Segment& segment = at->second;
  if (fd >= 0 && std::next(at) == segments.end()) close_segment();
  std::error_code ignored;
  fs::rename(segment.path, fs::path(segment.path).replace_extension(".damaged"), ignored);
  stats.skipped += segment.open.size();
  stats.records -= segment.open.size();
  bytes -= segment.bytes;
  reserved_bytes -= segment.reserved_bytes;
  return segments.erase(at);
}

Spool::Spool(std::unique_ptr<State> state) : state_(std::move(state)) {}
Spool::~Spool() {
  if (state_) state_->close_segment();
}

Result<std::unique_ptr<Spool>> Spool::open(fs::path folder, SpoolLimits limits) {
  auto state = std::make_unique<State>();
  state->folder = std::move(folder);
  state->limits = limits;
  if (auto recovered = state->recover(); !recovered) return recovered.error();
  return std::unique_ptr<Spool>(new Spool(std::move(state)));
}

Result<std::vector<std::uint64_t>> Spool::append(const std::vector<SpoolRecord>& records) {
  State& s = *state_;
  std::string bytes_out;
  std::uint64_t plain = 0;
  std::uint64_t reserved = 0;
  std::vector<std::uint64_t> positions;
  std::vector<std::uint64_t> offsets;  // in what is written now
  for (const auto& record : records) {
    const std::uint64_t position = s.next_position + positions.size();
    const std::size_t before = bytes_out.size();
    offsets.push_back(before);
    bytes_out += encode_frame(position, record);
    (record.reserved ? reserved : plain) += bytes_out.size() - before;
    positions.push_back(position);
  }
  if (!s.has_room(plain, reserved)) return fail(Errc::buffer_full, "The spool is full.");
  if (auto ready = s.open_segment(); !ready) return ready.error();
  if (auto wrote = s.write_all(bytes_out); !wrote) {
    // What could not be cut off stays there under its numbers: they, and its file's name, are used
    // up.
    if (s.fd < 0) s.next_position += records.size();
    return wrote.error();
  }
  Segment& segment = s.segments.rbegin()->second;
  for (std::size_t i = 0; i < positions.size(); ++i)
    segment.open.emplace_hint(segment.open.end(), positions[i], segment.bytes + offsets[i]);
  segment.bytes += bytes_out.size();
  segment.reserved_bytes += reserved;
  s.bytes += bytes_out.size();
  s.reserved_bytes += reserved;
  s.next_position += records.size();
  s.stats.records += records.size();
  return positions;
}

Result<std::vector<SpooledRecord>> Spool::read(std::uint64_t after, std::size_t limit,
                                               std::uint64_t bytes_max) {
  std::vector<SpooledRecord> out;
  std::uint64_t bytes = 0;
  auto& segments = state_->segments;
  for (auto at_segment = segments.begin(); at_segment != segments.end();) {
    Segment& segment = at_segment->second;
    if (out.size() >= limit || bytes >= bytes_max) break;
    const auto first = segment.open.upper_bound(after);
    if (first == segment.open.end()) {
      ++at_segment;
      continue;
    }
    // One piece of the file: from the first that is wanted to where the last one ends.
    auto last = first;
    for (std::size_t wanted = out.size(); last != segment.open.end() && wanted < limit; ++wanted) {
      if (last != first && bytes + last->second - first->second >= bytes_max) break;
      ++last;
    }
    const std::uint64_t end = last == segment.open.end() ? segment.bytes : last->second;
    auto text = read_range(segment.path, first->second, end - first->second);
    if (!text) {
      if (++segment.failed_reads < kReadsMax) return text.error();
      at_segment = state_->set_aside(at_segment);  // or nothing behind it would ever be read
      continue;
    }
    segment.failed_reads = 0;
    bytes += text->size();
    for (std::size_t at = 0; at < text->size();) {
      auto frame = read_frame(*text, at);
      if (frame.state == FrameState::torn) break;
      at = frame.end;
      if (frame.state == FrameState::whole && segment.open.contains(frame.record.position))
        out.push_back(std::move(frame.record));
    }
    if (last != segment.open.end()) break;
    ++at_segment;
  }
  return out;
}

Result<void> Spool::acknowledge(const std::vector<std::uint64_t>& positions) {
  State& s = *state_;
  for (const std::uint64_t position : positions) {
    auto after = s.segments.upper_bound(position);
    if (after == s.segments.begin()) continue;
    s.stats.records -= std::prev(after)->second.open.erase(position);
  }
  s.drop_finished_segments();
  return {};
}

Spool::Stats Spool::stats() const {
  Stats now = state_->stats;
  now.bytes = state_->bytes;
  now.last_position = state_->next_position - 1;
  return now;
}

}  // namespace loquat::degradation
