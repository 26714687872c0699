#pragma once
#include <string>
#include <utility>

namespace loquat {

/// A value that must reach no log, event or error. It has no printer; `reveal` is for the one use.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  [[nodiscard]] const std::string& reveal() const noexcept { return value_; }
  [[nodiscard]] bool empty() const noexcept { return value_.empty(); }

 private:
  std::string value_;
};

}  // namespace loquat
