#pragma once
#include <string_view>

#include "loquat/base/clock.hpp"

namespace loquat::runtime {

/// The longest named work of this thread since the last `take_longest_work`.
struct LongestWork {
  std::string_view name = "unnamed";
  Clock::duration took{};
};
[[nodiscard]] LongestWork take_longest_work() noexcept;

}  // namespace loquat::runtime
