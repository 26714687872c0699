#pragma once
#include <chrono>
#include <cstdint>

#include "loquat/base/fields.hpp"

namespace loquat::personalization {

struct PersonalizationConfig {
  bool enabled = true;
  std::chrono::milliseconds budget{50};
  std::uint32_t cached_profiles_max = 10'000;
  std::uint32_t remembered_responses_max = 10'000;
  template <class V>
  void fields(V& v) {
    using namespace std::chrono_literals;
    v("enabled", enabled, "Learn and apply preferences.");
    v("budget", budget, "Longest an answer waits for a profile; past it the default answer.",
      in(1ms, 10s));
    v("cached_profiles_max", cached_profiles_max, "Profiles held in memory.", in(1, 10'000'000));
    v("remembered_responses_max", remembered_responses_max, "Answers whose votes can still teach.",
      in(1, 10'000'000));
  }
};

}  // namespace loquat::personalization
