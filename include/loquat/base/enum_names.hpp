#pragma once
#include <array>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

namespace loquat {

/// Specialise for an enum: `static constexpr std::array<std::pair<E, std::string_view>, N> names`.
/// The one place where an enum's text form stands; codec, schema, settings and metrics use it.
template <class E>
struct EnumNames;

template <class E>
concept NamedEnum = std::is_enum_v<E> && requires { EnumNames<E>::names.size(); };

template <NamedEnum E>
[[nodiscard]] constexpr std::string_view name_of(E value) noexcept {
  for (const auto& [candidate, name] : EnumNames<E>::names)
    if (candidate == value) return name;
  return "unknown";
}

template <NamedEnum E>
[[nodiscard]] constexpr std::optional<E> enum_from(std::string_view text) noexcept {
  for (const auto& [candidate, name] : EnumNames<E>::names)
    if (name == text) return candidate;
  return std::nullopt;
}

}  // namespace loquat

/// Inside namespace loquat: LOQUAT_ENUM(wire::Status, 1, {{{wire::Status::ok, "ok"}}});
#define LOQUAT_ENUM(Type, Count, ...)                                                        \
  template <>                                                                                \
  struct EnumNames<Type> {                                                                   \
    static constexpr std::array<std::pair<Type, std::string_view>, Count> names __VA_ARGS__; \
  }
