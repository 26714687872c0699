#pragma once
#include <optional>
#include <utility>

#include "loquat/base/clock.hpp"

namespace loquat::degradation {

/// The last good value of something, with its age; what is served while the source is away. Pure.
template <class T>
class Fallback {
 public:
  void store(T value, Time now) { value_ = std::move(value), stored_at_ = now; }
  struct Aged {
    const T& value;
    Clock::duration age;
  };
  [[nodiscard]] std::optional<Aged> last(Time now) const {
    if (!value_) return std::nullopt;
    return Aged{*value_, now - stored_at_};
  }
  void forget() { value_.reset(); }

 private:
  std::optional<T> value_;
  Time stored_at_{};
};

}  // namespace loquat::degradation
