#include "loquat/base/sources.hpp"

#include <sys/random.h>

#include <array>

#include "loquat/base/check.hpp"

namespace loquat {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

void append_hex(std::string& out, std::uint64_t value, int digits) {
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) out += kHex[(value >> shift) & 15U];
}

}  // namespace

std::uint64_t SystemRandom::next() {
  // A thread-local pool: one system call for 512 values, and no lock.
  thread_local std::array<std::uint64_t, 512> pool;
  thread_local std::size_t used = pool.size();
  if (used == pool.size()) {
    auto* bytes = reinterpret_cast<char*>(pool.data());
    std::size_t filled = 0;
    while (filled < sizeof(pool)) {
      const auto got = getrandom(bytes + filled, sizeof(pool) - filled, 0);
      LOQUAT_CHECK(got > 0);
      filled += static_cast<std::size_t>(got);
    }
    used = 0;
  }
  return pool[used++];
}

// SplitMix64 (Steele, Lea, Flood 2014).
std::uint64_t SeededRandom::next() {
  std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31U);
}

std::string make_id(std::string_view prefix, WallTime now, RandomSource& random) {
  const auto milliseconds = static_cast<std::uint64_t>(now.time_since_epoch().count());
  const std::uint64_t a = random.next();
  const std::uint64_t b = random.next();
  std::string id;
  id.reserve(prefix.size() + 37);
  id.append(prefix);
  id += '-';
  append_hex(id, milliseconds >> 16U, 8);
  id += '-';
  append_hex(id, milliseconds & 0xFFFFU, 4);
  id += '-';
  append_hex(id, 0x7000U | (a & 0x0FFFU), 4);
  id += '-';
  append_hex(id, 0x8000U | ((a >> 12U) & 0x3FFFU), 4);
  id += '-';
  append_hex(id, b & 0xFFFFFFFFFFFFULL, 12);
  return id;
}

std::string make_hex(std::size_t bytes, RandomSource& random) {
  std::string out;
  out.reserve(bytes * 2);
  while (out.size() < bytes * 2) append_hex(out, random.next(), 16);
  out.resize(bytes * 2);
  return out;
}

}  // namespace loquat
