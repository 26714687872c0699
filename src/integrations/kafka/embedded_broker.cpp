#include "embedded_broker.hpp"

#include "loquat/wire/topics.hpp"

namespace loquat::kafka {

EmbeddedBroker::EmbeddedBroker(RdHandle handle, rd_kafka_mock_cluster_t* cluster)
    : handle_(std::move(handle)),
      cluster_(cluster),
      servers_(rd_kafka_mock_cluster_bootstraps(cluster)) {}
EmbeddedBroker::~EmbeddedBroker() { rd_kafka_mock_cluster_destroy(cluster_); }

Result<std::unique_ptr<EmbeddedBroker>> EmbeddedBroker::start() {
  // The cluster needs a client for its threads; this one talks to nobody.
  auto handle = make_client(RD_KAFKA_PRODUCER, {{"client.id", "loquat-embedded-broker"}}, 0);
  if (!handle) return handle.error();
  auto* cluster = rd_kafka_mock_cluster_new(handle->get(), 1);
  if (cluster == nullptr) return fail(Errc::io, "The embedded broker cannot listen.");
  std::unique_ptr<EmbeddedBroker> broker(new EmbeddedBroker(std::move(*handle), cluster));
  const auto create = [cluster](const std::string& name, int partitions) {
    return rd_kafka_mock_topic_create(cluster, name.c_str(), partitions, 1) ==
           RD_KAFKA_RESP_ERR_NO_ERROR;
  };
  bool is_complete = create(dead_letter_topic(feedback_topic()), 1);
  for (const auto& info : wire::topic_table())
    is_complete = create(std::string(info.name), info.partitions) && is_complete;
  if (!is_complete) return fail(Errc::internal, "The embedded broker does not take our topics.");
  return broker;
}

}  // namespace loquat::kafka
