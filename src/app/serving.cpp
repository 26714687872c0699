#include <iostream>

#include "application.hpp"
#include "loquat/semantic/model_index.hpp"
#include "var_dir.hpp"

/// The door opens, and says where it is.
namespace loquat::app {

runtime::Task<Result<void>> Application::start_server() {
  server_ = std::make_unique<net::Server>(
      loop_.executor(), settings_.http,
      [this](net::Request request) { return routes_.handle(std::move(request)); },
      [this](int status, std::string_view why) { return routes_.refusal(status, why); });
  auto port = server_->start();
  if (!port) co_return port.error();
  auto written = write_file(var_dir_ / "loquat.port", std::to_string(*port) + "\n");
  if (!written) {
    co_await server_->drain(Clock::now());
    co_return written.error();
  }
  is_ready_ = true;
  if (!settings_.http.tls_certificate.empty()) tasks_.spawn("certificate", watch_certificate());
  announce();
  co_return Result<void>{};
}

void Application::announce() const {
  const std::string address = (settings_.http.tls_certificate.empty() ? "http://" : "https://") +
                              settings_.http.host + ":" + std::to_string(server_->port());
  std::cout << "Loquat " << LOQUAT_VERSION << " (" << instance_ << ") listens on " << address
            << "\n";
  if (authenticator_->mode() == security::AuthMode::none)
    std::cout << "  auth.mode none: everybody on this machine may call; X-Tenant-ID and X-User-ID "
                 "are believed.\n";
  std::cout << "  Kafka: " << kafka_->bootstrap_servers();
  if (kafka_->is_embedded())
    std::cout << " (embedded: it forgets everything at the end, and keeps 5 MiB a partition, the "
                 "oldest goes first)";
  std::cout << "\n";
  const auto model = dbt_->current();
  if (model)
    std::cout << "  dbt: " << model->index->project().metrics.size() << " metrics of "
              << model->index->project().project_name << "\n";
  else
    std::cout << "  dbt: no model yet; see " << address << "/api/v1/integrations/dbt/status\n";
  std::cout << std::flush;
}

}  // namespace loquat::app
