#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "loquat/observability/telemetry.hpp"

namespace loquat::observability {
namespace {

class StderrSink final : public LogSink {
 public:
  explicit StderrSink(LogFormat format)
      : format_(format), logger_("loquat", std::make_shared<spdlog::sinks::stderr_sink_mt>()) {
    logger_.set_pattern("%v");
    logger_.set_level(spdlog::level::trace);
  }
  void write(const LogRecord& record) override {
    logger_.log(spdlog::level::info, "{}", format_line(record, format_));
  }

 private:
  LogFormat format_;
  spdlog::logger logger_;
};

}  // namespace

std::unique_ptr<LogSink> make_stderr_sink(LogFormat format) {
  return std::make_unique<StderrSink>(format);
}

}  // namespace loquat::observability
