#pragma once
#include <chrono>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "loquat/base/clock.hpp"
#include "loquat/base/enum_names.hpp"
#include "loquat/base/error.hpp"
#include "loquat/base/secret.hpp"

/// A fact is a struct that a room reports; its declaration decides message, level, fields, counter.
///   struct EventDropped {
///     DropReason reason;                       // a NamedEnum; repeats are limited per reason
///     std::uint64_t count = 1;
///     static constexpr Level level = Level::warning;
///     static constexpr std::string_view name = "lineage.event_dropped";
///     static constexpr std::string_view message = "A lineage event found no room.";
///     static constexpr CounterSpec counter{"loquat_lineage_dropped_events_total", "Events lost."};
///     template <class V> void fields(V& v) const { v("reason", reason); v("count", count); }
///     template <class V> void labels(V& v) const { v("reason", reason); }   // optional
///     std::uint64_t amount() const { return count; }                        // optional, else 1
///   };
namespace loquat::observability {

/// error: data lost or a person must act; warning: degraded, nothing lost; info: life cycle;
/// debug: per request.
enum class Level { debug, info, warning, error };

struct CounterSpec {
  std::string_view name;
  std::string_view help;
};

/// What a user wrote (questions, SQL literals). Facts above debug do not compile with it.
struct UserText {
  std::string_view text;
};

using FieldValue = std::variant<std::string, std::int64_t, double, bool>;
struct LogField {
  std::string_view name;
  FieldValue value;
};

/// One line to come. String views point to literals of the fact's type.
struct LogRecord {
  WallTime time{};
  Level level = Level::info;
  std::string_view event;
  std::string_view message;
  std::vector<LogField> fields;
  std::uint64_t suppressed = 0;  ///< repeats of (event, reason) not written since the last line
};

template <class F>
concept Fact = requires {
  { F::level } -> std::convertible_to<Level>;
  { F::name } -> std::convertible_to<std::string_view>;
  { F::message } -> std::convertible_to<std::string_view>;
};

/// Visits a fact's fields. Durations become milliseconds: name them `*_ms`.
template <Level L>
class FieldWriter {
 public:
  explicit FieldWriter(std::vector<LogField>& out) : out_(out) {}
  void operator()(std::string_view name, bool value) { out_.push_back({name, value}); }
  template <std::integral N>
    requires(!std::same_as<N, bool>)
  void operator()(std::string_view name, N value) {
    out_.push_back({name, static_cast<std::int64_t>(value)});
  }
  void operator()(std::string_view name, double value) { out_.push_back({name, value}); }
  void operator()(std::string_view name, std::string_view value) {
    out_.push_back({name, std::string(value)});
  }
  void operator()(std::string_view name, const std::string& value) {
    out_.push_back({name, value});
  }
  void operator()(std::string_view name, const char* value) {
    out_.push_back({name, std::string(value)});
  }
  template <NamedEnum E>
  void operator()(std::string_view name, E value) {
    out_.push_back({name, std::string(name_of(value))});
  }
  void operator()(std::string_view name, Errc code) {
    out_.push_back({name, std::string(to_string(code))});
  }
  template <class R, class P>
  void operator()(std::string_view name, std::chrono::duration<R, P> value) {
    out_.push_back({name, std::chrono::duration<double, std::milli>(value).count()});
  }
  template <class T>
  void operator()(std::string_view name, const std::optional<T>& value) {
    if (value) (*this)(name, *value);
  }
  void operator()(std::string_view name, UserText value)
    requires(L == Level::debug)
  {
    out_.push_back({name, std::string(value.text)});
  }
  void operator()(std::string_view, const Secret&) = delete;

 private:
  std::vector<LogField>& out_;
};

}  // namespace loquat::observability

namespace loquat {
LOQUAT_ENUM(observability::Level, 4,
            {{{observability::Level::debug, "debug"},
              {observability::Level::info, "info"},
              {observability::Level::warning, "warning"},
              {observability::Level::error, "error"}}});
}  // namespace loquat
