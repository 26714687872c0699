#pragma once
#include <chrono>
#include <cstdint>

#include "loquat/base/fields.hpp"

namespace loquat::memory {

struct MemoryConfig {
  std::int64_t agreeing_users_min = 3;
  std::int64_t items_max = 500;
  std::int64_t candidates_max = 16;
  std::chrono::milliseconds check_timeout{10'000};
  template <class V>
  void fields(V& v) {
    using namespace std::chrono_literals;
    v("agreeing_users_min", agreeing_users_min,
      "Distinct users whose corrections agree (and none contradicts) before an item becomes active "
      "without a curator; 0: always needs a curator.",
      in(0, 1'000));
    v("items_max", items_max, "Verified answers and memory items of one tenant.", in(1, 5'000));
    v("candidates_max", candidates_max,
      "Modelled queries that are run to find the one that a corrected SQL means.", in(0, 100));
    v("check_timeout", check_timeout, "Longest that one query of a check may run.", in(10ms, 5min));
  }
};

}  // namespace loquat::memory
