#pragma once
#include <cstdint>

#include "loquat/base/fields.hpp"

namespace loquat::feedback {

struct FeedbackConfig {
  std::uint32_t comment_max_bytes = 4'000;
  std::uint32_t correction_max_bytes = 65'536;
  std::uint32_t extra_max_bytes = 16'384;
  std::uint32_t export_max = 100'000;
  template <class V>
  void fields(V& v) {
    v("comment_max_bytes", comment_max_bytes, "Longest comment.", in(1, 65'536), unit("bytes"));
    v("correction_max_bytes", correction_max_bytes, "Longest corrected SQL or text.",
      in(1, 1 << 20), unit("bytes"));
    v("extra_max_bytes", extra_max_bytes, "Most bytes of unknown keys in `data`.", in(0, 1 << 20),
      unit("bytes"));
    v("export_max", export_max, "Most rows of one export.", in(1, 10'000'000));
  }
};

}  // namespace loquat::feedback
