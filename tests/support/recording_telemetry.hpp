#pragma once
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "loquat/observability/telemetry.hpp"

namespace loquat::test_support {

/// A telemetry whose lines a test can ask for.
class RecordingTelemetry {
 public:
  explicit RecordingTelemetry(const WallClock& wall, observability::LogConfig config = every_line())
      : telemetry_(config, wall, std::make_unique<Sink>(lines_)) {}
  [[nodiscard]] observability::Telemetry& get() noexcept { return telemetry_; }
  [[nodiscard]] std::vector<observability::LogRecord> events(std::string_view name) const {
    const std::lock_guard lock(lines_.mutex);
    std::vector<observability::LogRecord> found;
    for (const auto& record : lines_.records)
      if (record.event == name) found.push_back(record);
    return found;
  }
  static observability::LogConfig every_line() {
    observability::LogConfig config;
    config.level = observability::Level::debug;
    config.repeats_max = 10'000;
    return config;
  }

 private:
  struct Lines {
    mutable std::mutex mutex;
    std::vector<observability::LogRecord> records;
  };
  class Sink final : public observability::LogSink {
   public:
    explicit Sink(Lines& lines) : lines_(lines) {}
    void write(const observability::LogRecord& record) override {
      const std::lock_guard lock(lines_.mutex);
      lines_.records.push_back(record);
    }

   private:
    Lines& lines_;
  };
  Lines lines_;
  observability::Telemetry telemetry_;
};

}  // namespace loquat::test_support
