#include "artifact_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "reader/wanted.hpp"

namespace loquat::dbt {
namespace {

constexpr std::size_t kPieceBytes = 256U << 10U;

struct Descriptor {
  explicit Descriptor(int fd) : value(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (value >= 0) ::close(value);
  }
  int value;
};

Error too_large(const std::string& place, std::uint64_t size, std::uint64_t bytes_max) {
  return fail(Errc::payload_too_large, place + " has " + std::to_string(size) +
                                           " bytes; allowed are " + std::to_string(bytes_max) +
                                           " (dbt.artifact_max_bytes).");
}

}  // namespace

Result<std::string> read_artifact_file(const std::string& artifact, const std::string& path,
                                       std::uint64_t bytes_max) {
  const std::string place = artifact + ": " + path;
  const auto failed = [&place] { return fail(Errc::io, place + ": " + std::strerror(errno)); };
  // Without O_NONBLOCK a pipe in the file's place would hold the worker for ever.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.value < 0) return failed();
  struct stat about{};
  if (::fstat(file.value, &about) != 0) return failed();
  if (!S_ISREG(about.st_mode)) return fail(Errc::io, place + ": is no regular file.");
  const auto size = static_cast<std::uint64_t>(about.st_size);
  if (size > bytes_max) return too_large(place, size, bytes_max);

  Trimmer trimmer(wanted_of(artifact));
  const auto buffer = std::make_unique<char[]>(kPieceBytes);
  for (;;) {
    const ssize_t got = ::read(file.value, buffer.get(), kPieceBytes);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed();
    if (got == 0) break;
    if (!trimmer.feed({buffer.get(), static_cast<std::size_t>(got)})) break;
    // It may grow while it is read.
    if (trimmer.bytes_taken() > bytes_max)
      return too_large(place, trimmer.bytes_taken(), bytes_max);
  }
  if (const auto whole = trimmer.finish(); !whole)
    return fail(whole.error().code, artifact + ": " + whole.error().detail);
  return trimmer.take_text();
}

}  // namespace loquat::dbt
