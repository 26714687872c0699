#include "loquat/observability/telemetry.hpp"

#include <atomic>
#include <mutex>

#include "repeat_limiter.hpp"

namespace loquat::observability {

struct Telemetry::State {
  State(const LogConfig& config, const WallClock& wall_clock, std::unique_ptr<LogSink> target)
      : level(config.level),
        wall(wall_clock),
        sink(std::move(target)),
        limiter(config.repeats_max, config.repeats_window) {}
  std::atomic<Level> level;
  const WallClock& wall;
  MetricsRegistry metrics;
  std::mutex mutex;  // guards sink and limiter
  std::unique_ptr<LogSink> sink;
  RepeatLimiter limiter;
};

Telemetry::Telemetry(const LogConfig& config, const WallClock& wall, std::unique_ptr<LogSink> sink)
    : state_(std::make_unique<State>(config, wall, std::move(sink))) {}
Telemetry::~Telemetry() = default;

MetricsRegistry& Telemetry::metrics() noexcept { return state_->metrics; }
void Telemetry::set_level(Level level) noexcept { state_->level = level; }
bool Telemetry::writes(Level level) const noexcept { return level >= state_->level.load(); }

void Telemetry::write(LogRecord record, std::string_view reason) {
  record.time = state_->wall.now();
  const std::lock_guard lock(state_->mutex);
  // Debug is for somebody who asked for everything.
  if (record.level > Level::debug) {
    const auto held_back = state_->limiter.admit(record.event, reason, Clock::now());
    if (!held_back) return;
    record.suppressed = *held_back;
  }
  state_->sink->write(record);
}

}  // namespace loquat::observability
