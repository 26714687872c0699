#pragma once
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "loquat/base/clock.hpp"
#include "loquat/base/fields.hpp"
#include "loquat/observability/fact.hpp"
#include "loquat/observability/metrics.hpp"

namespace loquat::observability {

enum class LogFormat { text, json };

struct LogConfig {
  Level level = Level::info;
  LogFormat format = LogFormat::text;
  std::uint32_t repeats_max = 5;
  std::chrono::seconds repeats_window{10};
  template <class V>
  void fields(V& v);
};

/// Where lines go. `write` is called under the telemetry's lock, from any thread.
class LogSink {
 public:
  virtual ~LogSink() = default;
  virtual void write(const LogRecord& record) = 0;
};
/// Lines to stderr.
[[nodiscard]] std::unique_ptr<LogSink> make_stderr_sink(LogFormat format);
/// One line without its end, as the stderr sink writes it.
[[nodiscard]] std::string format_line(const LogRecord& record, LogFormat format);

/// Where rooms report facts and find their metrics. Thread safe. Given to rooms by reference; it
/// outlives them.
class Telemetry {
 public:
  Telemetry(const LogConfig& config, const WallClock& wall, std::unique_ptr<LogSink> sink);
  ~Telemetry();
  Telemetry(const Telemetry&) = delete;
  Telemetry& operator=(const Telemetry&) = delete;

  [[nodiscard]] MetricsRegistry& metrics() noexcept;
  void set_level(Level level) noexcept;
  [[nodiscard]] bool writes(Level level) const noexcept;

  /// Counts the fact always, and writes it if its level and the limit of repeats allow.
  template <Fact F>
  void emit(const F& fact) {
    if constexpr (requires { F::counter; }) count(fact);
    if (!writes(F::level)) return;
    LogRecord record;
    record.level = F::level;
    record.event = F::name;
    record.message = F::message;
    FieldWriter<F::level> writer(record.fields);
    if constexpr (requires { fact.fields(writer); }) fact.fields(writer);
    std::string_view reason;
    if constexpr (requires { name_of(fact.reason); }) reason = name_of(fact.reason);
    write(std::move(record), reason);
  }

 private:
  struct LabelWriter {
    Labels& out;
    template <NamedEnum E>
    void operator()(std::string_view name, E value) {
      out.push_back(label(name, value));
    }
    /// An integration's or component's name: fixed at start.
    void operator()(std::string_view name, Label value) {
      static_cast<void>(name);
      out.push_back(std::move(value));
    }
  };
  template <Fact F>
  void count(const F& fact) {
    Labels labels;
    LabelWriter writer{labels};
    if constexpr (requires { fact.labels(writer); }) fact.labels(writer);
    double amount = 1;
    if constexpr (requires { fact.amount(); }) amount = static_cast<double>(fact.amount());
    metrics().counter(F::counter.name, F::counter.help, labels).add(amount);
  }
  void write(LogRecord record, std::string_view reason);
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace loquat::observability

namespace loquat {
LOQUAT_ENUM(observability::LogFormat, 2,
            {{{observability::LogFormat::text, "text"}, {observability::LogFormat::json, "json"}}});
}  // namespace loquat

template <class V>
void loquat::observability::LogConfig::fields(V& v) {
  v("level", level, "Lowest level that is written.", reloadable);
  v("format", format, "Text for people, json for machines; one line each, to stderr.");
  v("repeats_max", repeats_max,
    "Lines of one event and reason within a window; the rest is counted.", in(1, 10'000));
  v("repeats_window", repeats_window, "Window of repeats_max.",
    in(std::chrono::seconds(1), std::chrono::hours(1)));
}
