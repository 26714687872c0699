#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "loquat/degradation/spool.hpp"

namespace loquat::degradation {

/// One record's bytes on disk: see Spool.
[[nodiscard]] std::string encode_frame(std::uint64_t position, const SpoolRecord& record);

enum class FrameState { whole, damaged, torn };
struct FrameRead {
  FrameState state = FrameState::torn;
  std::size_t start = 0;  ///< where the frame stands (damaged bytes before it are skipped)
  std::size_t end = 0;    ///< where reading goes on
  SpooledRecord record;
};
/// The next frame at or after `from`. `damaged`: `end` is where the next magic may be found;
/// `torn`: nothing whole follows.
[[nodiscard]] FrameRead read_frame(std::string_view bytes, std::size_t from);

}  // namespace loquat::degradation
