#pragma once
#include <exception>
#include <string>

namespace loquat::runtime {
/// What an exception says of itself.
[[nodiscard]] std::string text_of(const std::exception_ptr& error);
}  // namespace loquat::runtime
