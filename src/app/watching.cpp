#include <filesystem>
#include <iostream>

#include "application.hpp"
#include "load.hpp"

/// What the application looks at over and over while it serves: its load, its certificate.
namespace loquat::app {
namespace {

constexpr auto kCertificatePause = std::chrono::seconds(5);
constexpr auto kLoadPause = std::chrono::milliseconds(200);

}  // namespace

void Application::reload_certificate() {
  if (!server_ || settings_.http.tls_certificate.empty()) return;
  const auto done = server_->reload_certificate();
  if (done)
    std::cout << "reloaded http.tls_certificate\n" << std::flush;
  else
    std::cerr << "The old certificate stays: " << done.error().detail << "\n";
}

runtime::Task<void> Application::watch_load() {
  auto level = telemetry_.metrics().gauge(
      "loquat_app_load_level_ratio", "0: all is taken; 0.5: side work is shed; 1: new work too.");
  auto memory = telemetry_.metrics().gauge("loquat_app_resident_memory_bytes", "Of the process.");
  auto limited = telemetry_.metrics().gauge("loquat_app_limited_keys",
                                            "Users, tenants and addresses whose rate is kept.");
  auto waiting = telemetry_.metrics().gauge("loquat_app_waiting_tickets", "Tickets not used yet.");
  ServerMeters served(telemetry_.metrics());
  for (;;) {
    const auto expected = Clock::now() + kLoadPause;
    co_await runtime::sleep_until(expected);
    const auto now = Clock::now();
    const auto resident = resident_bytes();
    memory.set(static_cast<double>(resident));
    limited.set(static_cast<double>(limiter_.size()));
    waiting.set(static_cast<double>(tickets_.size()));
    if (server_) served.report(server_->stats());
    const degradation::LoadShedder::Sample sample{now - expected, resident >> 20U};
    if (!shedder_.note(sample, now)) continue;
    level.set(static_cast<double>(shedder_.level()) / 2);
    telemetry_.emit(LoadChanged{shedder_.level(), sample.lag, sample.memory_mib});
  }
}

runtime::Task<void> Application::watch_certificate() {
  namespace fs = std::filesystem;
  const auto look = [this] {
    std::error_code ignored;
    return std::pair(fs::last_write_time(settings_.http.tls_certificate, ignored),
                     fs::last_write_time(settings_.http.tls_key, ignored));
  };
  for (auto seen = look();;) {
    co_await runtime::pause_for(kCertificatePause);
    const auto now = look();
    if (now == seen) continue;
    seen = now;
    reload_certificate();
  }
}

void Application::apply_reload() {
  telemetry_.set_level(settings_.log.level);
  limiter_.configure(settings_.rate_limit);
  reload_certificate();
}

}  // namespace loquat::app
