#pragma once
#include <cstdint>

#include "loquat/base/fields.hpp"

namespace loquat::copilot {

struct CopilotConfig {
  bool enabled = true;
  std::uint32_t suggestions_max = 2;
  std::uint32_t starters_max = 4;
  template <class V>
  void fields(V& v) {
    v("enabled", enabled, "Suggest follow-ups.");
    v("suggestions_max", suggestions_max, "Follow-ups per answer.", in(1, 5));
    v("starters_max", starters_max, "Questions suggested to start with.", in(1, 20));
  }
};

}  // namespace loquat::copilot
