#pragma once

namespace loquat {
[[noreturn]] void check_failed(const char* expression, const char* file, int line);
}  // namespace loquat

/// Holds what must be true whatever the input; stays on in release builds and ends the process.
#define LOQUAT_CHECK(expression)                        \
  (static_cast<bool>(expression) ? static_cast<void>(0) \
                                 : ::loquat::check_failed(#expression, __FILE__, __LINE__))
