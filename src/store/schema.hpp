#pragma once
#include <vector>

namespace loquat::store {
/// One script per schema version; PRAGMA user_version counts those that ran. Never change one that
/// was released: add the next.
[[nodiscard]] const std::vector<const char*>& migrations();
}  // namespace loquat::store
