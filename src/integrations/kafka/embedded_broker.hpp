#pragma once
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <memory>
#include <string>

#include "client.hpp"

namespace loquat::kafka {

/// librdkafka's mock cluster with our topics: real listeners on 127.0.0.1, one broker, in memory.
/// Making and ending one may block for a second: worker threads only.
class EmbeddedBroker {
 public:
  [[nodiscard]] static Result<std::unique_ptr<EmbeddedBroker>> start();
  ~EmbeddedBroker();
  EmbeddedBroker(const EmbeddedBroker&) = delete;
  EmbeddedBroker& operator=(const EmbeddedBroker&) = delete;
  [[nodiscard]] const std::string& bootstrap_servers() const noexcept { return servers_; }
  [[nodiscard]] rd_kafka_mock_cluster_t* cluster() noexcept { return cluster_; }

 private:
  EmbeddedBroker(RdHandle handle, rd_kafka_mock_cluster_t* cluster);
  RdHandle handle_;
  rd_kafka_mock_cluster_t* cluster_;
  std::string servers_;
};

}  // namespace loquat::kafka
