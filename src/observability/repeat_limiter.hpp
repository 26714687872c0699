#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "loquat/base/clock.hpp"

namespace loquat::observability {

/// Lets at most `repeats_max` lines of one (event, reason) through per window. Pure.
class RepeatLimiter {
 public:
  RepeatLimiter(std::uint32_t repeats_max, Clock::duration window)
      : repeats_max_(repeats_max), window_(window) {}
  /// The number held back since the last line that passed; nothing if this one is held back.
  [[nodiscard]] std::optional<std::uint64_t> admit(std::string_view event, std::string_view reason,
                                                   Time now);

 private:
  struct Seen {
    Time window_began{};
    std::uint32_t passed = 0;
    std::uint64_t held_back = 0;
  };
  std::uint32_t repeats_max_;
  Clock::duration window_;
  // Bounded by the code: events are literals, reasons come from enums.
  std::map<std::pair<std::string, std::string>, Seen> seen_;
};

}  // namespace loquat::observability
