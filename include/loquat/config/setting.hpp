#pragma once
#include <algorithm>
#include <concepts>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>

#include "loquat/base/enum_names.hpp"
#include "loquat/config/value.hpp"

namespace loquat::config {

/// One key bound to one member of a room's struct. Values are read into a pending copy first, so
/// that one wrong key leaves every member as it was.
class Setting {
 public:
  Setting(std::string key, std::string_view text, FieldAttributes attributes)
      : key_(std::move(key)), text_(text), attributes_(std::move(attributes)) {}
  virtual ~Setting() = default;
  [[nodiscard]] const std::string& key() const noexcept { return key_; }
  [[nodiscard]] std::string_view text() const noexcept { return text_; }
  [[nodiscard]] const FieldAttributes& attributes() const noexcept { return attributes_; }
  [[nodiscard]] virtual Complaint read(const Value& value) = 0;
  virtual void begin() = 0;                           ///< pending = default
  virtual void commit() = 0;                          ///< member = pending
  [[nodiscard]] virtual bool is_changed() const = 0;  ///< pending differs from the member
  [[nodiscard]] virtual bool is_secret() const noexcept = 0;
  [[nodiscard]] virtual std::string show() const = 0;  ///< the member as YAML, secrets redacted
  [[nodiscard]] virtual std::string show_default() const = 0;
  [[nodiscard]] virtual std::string kind() const = 0;  ///< for the reference: `duration`, `list`…

 private:
  std::string key_;
  std::string_view text_;
  FieldAttributes attributes_;
};

namespace detail {
template <class T>
struct DurationOf : std::false_type {};
template <class R, class P>
struct DurationOf<std::chrono::duration<R, P>> : std::true_type {};
template <class T>
struct OptionalOf : std::false_type {};
template <class T>
struct OptionalOf<std::optional<T>> : std::true_type {};
template <class T>
struct ListOf : std::false_type {};
template <class T>
struct ListOf<std::vector<T>> : std::true_type {};
using TextMap = std::map<std::string, std::string>;

template <class T>
[[nodiscard]] Complaint read(const Value& value, const FieldAttributes& attributes, T& out);

template <class T>
[[nodiscard]] Complaint read_scalar(const std::string& text, const FieldAttributes& attributes,
                                    T& out) {
  if constexpr (std::is_same_v<T, bool>) {
    return read_bool(text, out);
  } else if constexpr (std::is_integral_v<T>) {
    std::int64_t wide = 0;
    constexpr auto low = static_cast<std::int64_t>(std::numeric_limits<T>::min());
    constexpr auto high = sizeof(T) >= 8 ? std::numeric_limits<std::int64_t>::max()
                                         : static_cast<std::int64_t>(std::numeric_limits<T>::max());
    auto wrong = read_integer(text, attributes, low, high, wide);
    if (!wrong) out = static_cast<T>(wide);
    return wrong;
  } else if constexpr (std::is_floating_point_v<T>) {
    double wide = 0;
    auto wrong = read_number(text, attributes, wide);
    if (!wrong) out = static_cast<T>(wide);
    return wrong;
  } else if constexpr (DurationOf<T>::value) {
    std::chrono::nanoseconds wide{};
    auto wrong = read_duration(text, attributes, T(1), wide);
    if (!wrong) out = std::chrono::duration_cast<T>(wide);
    return wrong;
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (auto wrong = check_length(text.size(), attributes, "bytes")) return wrong;
    if (!attributes.one_of.empty())
      if (auto wrong = check_one_of(text, attributes.one_of)) return wrong;
    if (attributes.format == "origin")
      if (auto wrong = check_origin(text)) return wrong;
    out = text;
    return {};
  } else if constexpr (std::is_same_v<T, Secret>) {
    out = Secret(text);
    return {};
  } else if constexpr (std::is_same_v<T, Date>) {
    const auto date = parse_date(text);
    if (!date) return quote(text) + " is no date; allowed: YYYY-MM-DD";
    out = *date;
    return {};
  } else {
    static_assert(NamedEnum<T>, "a setting of this type has no reader");
    const auto known = enum_from<T>(text);
    if (known) {
      out = *known;
      return {};
    }
    std::vector<std::string_view> names;
    for (const auto& [_, name] : EnumNames<T>::names) names.push_back(name);
    return check_one_of(text, names);
  }
}

template <class T>
Complaint read(const Value& value, const FieldAttributes& attributes, T& out) {
  if constexpr (OptionalOf<T>::value) {
    const auto* text = std::get_if<std::string>(&value);
    if (text && text->empty()) {
      out.reset();
      return {};
    }
    return read(value, attributes, out.emplace());
  } else if constexpr (ListOf<T>::value) {
    std::vector<std::string> texts;
    if (auto wrong = take_list(value, texts)) return wrong;
    if (auto wrong = check_length(texts.size(), attributes, "items")) return wrong;
    FieldAttributes item = attributes;
    item.length_min = 0;
    item.length_max.reset();
    out.clear();
    for (const auto& text : texts) {
      typename T::value_type one{};
      if (auto wrong = read_scalar(text, item, one)) return wrong;
      out.push_back(std::move(one));
    }
    return {};
  } else if constexpr (std::is_same_v<T, TextMap>) {
    const auto* map = std::get_if<2>(&value);
    if (map) {
      out = TextMap(map->begin(), map->end());
      return {};
    }
    std::vector<std::string> pairs;  // from the environment: a=b,c=d
    if (auto wrong = take_list(value, pairs)) return wrong;
    out.clear();
    for (const auto& pair : pairs) {
      const auto at = pair.find('=');
      if (at == std::string::npos) return quote(pair) + " has no '='; allowed: name=value,…";
      out[pair.substr(0, at)] = pair.substr(at + 1);
    }
    return {};
  } else {
    std::string text;
    if (auto wrong = take_text(value, text)) return wrong;
    return read_scalar(text, attributes, out);
  }
}

template <class T>
[[nodiscard]] std::string show(const T& value) {
  if constexpr (OptionalOf<T>::value) {
    return value ? show(*value) : std::string("''");
  } else if constexpr (ListOf<T>::value) {
    std::string text = "[";
    for (const auto& one : value) text += (text.size() > 1 ? ", " : "") + show(one);
    return text + "]";
  } else if constexpr (std::is_same_v<T, TextMap>) {
    std::string text = "{";
    for (const auto& [name, one] : value)
      text += (text.size() > 1 ? ", " : "") + quote(name) + ": " + quote(one);
    return text + "}";
  } else if constexpr (std::is_same_v<T, bool>) {
    return value ? "true" : "false";
  } else if constexpr (std::is_integral_v<T>) {
    return std::to_string(value);
  } else if constexpr (std::is_floating_point_v<T>) {
    return show_number(static_cast<double>(value));
  } else if constexpr (DurationOf<T>::value) {
    return show_duration(std::chrono::duration_cast<std::chrono::nanoseconds>(value));
  } else if constexpr (std::is_same_v<T, Secret>) {
    return value.empty() ? "''" : "'<redacted>'";
  } else if constexpr (std::is_same_v<T, std::string>) {
    return quote(value);
  } else if constexpr (std::is_same_v<T, Date>) {
    return format_date(value);
  } else {
    return std::string(name_of(value));
  }
}

template <class T>
[[nodiscard]] std::string kind_of() {
  if constexpr (OptionalOf<T>::value)
    return kind_of<typename T::value_type>() + ", or empty";
  else if constexpr (ListOf<T>::value)
    return "list of " + kind_of<typename T::value_type>();
  else if constexpr (std::is_same_v<T, TextMap>)
    return "map of text";
  else if constexpr (std::is_same_v<T, bool>)
    return "true or false";
  else if constexpr (std::is_integral_v<T>)
    return "whole number";
  else if constexpr (std::is_floating_point_v<T>)
    return "number";
  else if constexpr (DurationOf<T>::value)
    return std::is_same_v<typename T::period, std::ratio<1>> ? "duration, plain numbers are seconds"
           : std::is_same_v<typename T::period, std::milli>
               ? "duration, plain numbers are milliseconds"
               : "duration";
  else if constexpr (std::is_same_v<T, Secret>)
    return "secret";
  else if constexpr (std::is_same_v<T, std::string>)
    return "text";
  else if constexpr (std::is_same_v<T, Date>)
    return "date";
  else {
    std::string text = "one of";
    for (const auto& [_, name] : EnumNames<T>::names) text += " " + std::string(name);
    return text;
  }
}

template <class T>
[[nodiscard]] bool is_same(const T& a, const T& b) {
  if constexpr (std::is_same_v<T, Secret>)
    return a.reveal() == b.reveal();
  else if constexpr (OptionalOf<T>::value)
    return a.has_value() == b.has_value() && (!a || is_same(*a, *b));
  else if constexpr (ListOf<T>::value)
    return std::ranges::equal(a, b, [](const auto& x, const auto& y) { return is_same(x, y); });
  else
    return a == b;
}
template <class T>
struct HoldsSecret : std::is_same<T, Secret> {};
template <class T>
struct HoldsSecret<std::optional<T>> : HoldsSecret<T> {};
template <class T>
struct HoldsSecret<std::vector<T>> : HoldsSecret<T> {};
}  // namespace detail

template <class T>
class TypedSetting final : public Setting {
 public:
  TypedSetting(std::string key, T& member, std::string_view text, FieldAttributes attributes)
      : Setting(std::move(key), text, std::move(attributes)),
        member_(member),
        default_(member),
        pending_(member) {}
  Complaint read(const Value& value) override {
    return detail::read(value, attributes(), pending_);
  }
  void begin() override { pending_ = default_; }
  void commit() override { member_ = pending_; }
  [[nodiscard]] bool is_changed() const override { return !detail::is_same(pending_, member_); }
  [[nodiscard]] bool is_secret() const noexcept override { return detail::HoldsSecret<T>::value; }
  [[nodiscard]] std::string show() const override { return detail::show(member_); }
  [[nodiscard]] std::string show_default() const override { return detail::show(default_); }
  [[nodiscard]] std::string kind() const override { return detail::kind_of<T>(); }

 private:
  T& member_;
  T default_;
  T pending_;
};

}  // namespace loquat::config
