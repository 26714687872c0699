#pragma once
#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace loquat {

/// What a field declaration says beside name, member and text. One declaration serves settings
/// (config) and messages (wire): loading, encoding, validation, schema and reference pages.
/// A struct lists its fields once:
///   template <class V> void fields(V& v) { v("name", member, "Text.", in(1, 5), defaulted); }
/// Messages: a field is required unless its type is std::optional or it says `defaulted`.
/// Settings: every field has a default. Numbers in `in` are in the member's own unit.
struct FieldAttributes {
  std::optional<double> min;
  std::optional<double> max;
  std::size_t length_min = 0;
  std::optional<std::size_t> length_max;  ///< strings: bytes; lists: items
  std::vector<std::string_view> one_of;
  std::string_view env;     ///< fixed environment name, settings only
  std::string_view format;  ///< JSON Schema format, e.g. `uri`
  std::string_view unit;
  bool defaulted = false;
  bool reloadable = false;  ///< settings: SIGHUP takes it over
};

struct RangeAttribute {
  double min;
  double max;
};
struct LengthAttribute {
  std::size_t min;
  std::size_t max;
};
struct OneOfAttribute {
  std::vector<std::string_view> values;
};
struct EnvAttribute {
  std::string_view name;
};
struct FormatAttribute {
  std::string_view name;
};
struct UnitAttribute {
  std::string_view name;
};
struct DefaultedAttribute {};
struct ReloadableAttribute {};
inline constexpr DefaultedAttribute defaulted{};
inline constexpr ReloadableAttribute reloadable{};

template <class N>
[[nodiscard]] constexpr RangeAttribute in(N min, N max) {
  return {static_cast<double>(min), static_cast<double>(max)};
}
/// Durations: bounds in milliseconds, whatever the member's own unit.
template <class R1, class P1, class R2, class P2>
[[nodiscard]] constexpr RangeAttribute in(std::chrono::duration<R1, P1> min,
                                          std::chrono::duration<R2, P2> max) {
  using Milliseconds = std::chrono::duration<double, std::milli>;
  return {Milliseconds(min).count(), Milliseconds(max).count()};
}
[[nodiscard]] constexpr LengthAttribute len(std::size_t min, std::size_t max) { return {min, max}; }
[[nodiscard]] inline OneOfAttribute one_of(std::vector<std::string_view> values) {
  return {std::move(values)};
}
[[nodiscard]] constexpr EnvAttribute env(std::string_view name) { return {name}; }
[[nodiscard]] constexpr FormatAttribute format(std::string_view name) { return {name}; }
[[nodiscard]] constexpr UnitAttribute unit(std::string_view name) { return {name}; }

namespace detail {
inline void apply(FieldAttributes& a, RangeAttribute r) { a.min = r.min, a.max = r.max; }
inline void apply(FieldAttributes& a, LengthAttribute l) {
  a.length_min = l.min, a.length_max = l.max;
}
inline void apply(FieldAttributes& a, OneOfAttribute o) { a.one_of = std::move(o.values); }
inline void apply(FieldAttributes& a, EnvAttribute e) { a.env = e.name; }
inline void apply(FieldAttributes& a, FormatAttribute f) { a.format = f.name; }
inline void apply(FieldAttributes& a, UnitAttribute u) { a.unit = u.name; }
inline void apply(FieldAttributes& a, DefaultedAttribute) { a.defaulted = true; }
inline void apply(FieldAttributes& a, ReloadableAttribute) { a.reloadable = true; }
}  // namespace detail

template <class... A>
[[nodiscard]] FieldAttributes collect_attributes(A&&... attributes) {
  FieldAttributes all;
  (detail::apply(all, std::forward<A>(attributes)), ...);
  return all;
}

struct FieldProbe {
  template <class T, class... A>
  void operator()(std::string_view, T&, std::string_view, A&&...) {}
};
/// A struct that lists its fields.
template <class T>
concept HasFields = requires(T& t, FieldProbe& probe) { t.fields(probe); };

}  // namespace loquat
