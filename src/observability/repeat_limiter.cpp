#include "repeat_limiter.hpp"

#include <utility>

namespace loquat::observability {

std::optional<std::uint64_t> RepeatLimiter::admit(std::string_view event, std::string_view reason,
                                                  Time now) {
  auto [at, is_new] = seen_.try_emplace({std::string(event), std::string(reason)});
  Seen& seen = at->second;
  if (is_new || now - seen.window_began >= window_) {
    seen.window_began = now;
    seen.passed = 0;
  }
  if (seen.passed >= repeats_max_) {
    ++seen.held_back;
    return std::nullopt;
  }
  ++seen.passed;
  return std::exchange(seen.held_back, 0);
}

}  // namespace loquat::observability
