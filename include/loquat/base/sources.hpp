#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "loquat/base/clock.hpp"

namespace loquat {

/// Where randomness comes from (ids, jitter, sampling); injected.
class RandomSource {
 public:
  virtual ~RandomSource() = default;
  [[nodiscard]] virtual std::uint64_t next() = 0;
};
/// Cryptographic randomness of the kernel; thread safe.
class SystemRandom final : public RandomSource {
 public:
  [[nodiscard]] std::uint64_t next() override;
};
/// Repeatable; tests and benches.
class SeededRandom final : public RandomSource {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  [[nodiscard]] std::uint64_t next() override;

 private:
  std::uint64_t state_;
};

/// The two things a room may not take from the air. References outlive every room; loop thread
/// only.
struct Sources {
  const WallClock& wall;
  RandomSource& random;
};

/// `<prefix>-<UUIDv7>` (RFC 9562 section 5.7); sorts by time. `prefix` without the dash, e.g. `fb`.
[[nodiscard]] std::string make_id(std::string_view prefix, WallTime now, RandomSource& random);
[[nodiscard]] inline std::string make_id(std::string_view prefix, const Sources& sources) {
  return make_id(prefix, sources.wall.now(), sources.random);
}
/// Lower-case hex of `bytes` random bytes (W3C trace ids: 16, span ids: 8).
[[nodiscard]] std::string make_hex(std::size_t bytes, RandomSource& random);

}  // namespace loquat
