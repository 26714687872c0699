#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "loquat/base/sources.hpp"
#include "loquat/degradation/health_board.hpp"
#include "loquat/net/client.hpp"
#include "loquat/runtime/runtime.hpp"

namespace loquat::rig {

class Quiet final : public observability::LogSink {
 public:
  void write(const observability::LogRecord&) override {}
};

/// A loop with what every room needs; each test runs one coroutine on it.
struct Loop {
  SystemWallClock wall;
  SeededRandom random{7};
  Sources sources{wall, random};
  observability::Telemetry telemetry{observability::LogConfig{}, wall, std::make_unique<Quiet>()};
  runtime::EventLoop loop{telemetry};
  runtime::WorkerPool pool{loop.executor(), {"test", 2, 64}, telemetry};
  runtime::TaskGroup tasks{loop.executor(), "test", telemetry};
  net::Client client{loop.executor()};
  degradation::HealthBoard board{wall};

  /// Runs `body` to its end, then everything it left behind.
  void run(std::function<runtime::Task<void>()> body) {
    loop.run(whole(std::move(body)));
    loop.context().restart();
  }

 private:
  runtime::Task<void> whole(std::function<runtime::Task<void>()> body) {
    co_await body();
    co_await tasks.drain(runtime::deadline_after(std::chrono::seconds(5)));
    client.close_idle();
  }
};

}  // namespace loquat::rig
