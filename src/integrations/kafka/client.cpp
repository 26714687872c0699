#include "client.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>

#include "loquat/wire/topics.hpp"

namespace loquat::kafka {
namespace {

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

void add_if_set(ConfigPairs& pairs, const char* name, const std::string& value) {
  if (!value.empty()) pairs.emplace_back(name, value);
}

struct NewTopics {
  std::vector<rd_kafka_NewTopic_t*> topics;
  ~NewTopics() {
    for (auto* topic : topics) rd_kafka_NewTopic_destroy(topic);
  }
  void add(const std::string& name, int partitions, int replication, int retention_days) {
    std::array<char, 256> why{};
    auto* topic =
        rd_kafka_NewTopic_new(name.c_str(), partitions, replication, why.data(), why.size());
    if (topic == nullptr) return;
    const auto retention_ms = std::to_string(retention_days * 86'400'000LL);
    rd_kafka_NewTopic_set_config(topic, "retention.ms", retention_ms.c_str());
    topics.push_back(topic);
  }
};

}  // namespace

std::string feedback_topic() { return std::string(wire::info(wire::Topic::feedback).name); }
std::string dead_letter_topic(const std::string& source) { return source + ".dlq"; }

ConfigPairs connection_settings(const KafkaConfig& config, const std::string& bootstrap_servers,
                                const std::string& client_id) {
  ConfigPairs pairs{{"bootstrap.servers", bootstrap_servers},
                    {"client.id", client_id},
                    {"reconnect.backoff.ms", "50"},
                    {"reconnect.backoff.max.ms", "500"},
                    {"socket.keepalive.enable", "true"},
                    {"log.connection.close", "false"},
                    {"security.protocol", lower(config.security_protocol)}};
  add_if_set(pairs, "sasl.mechanism", config.sasl_mechanism);
  add_if_set(pairs, "sasl.username", config.sasl_username);
  add_if_set(pairs, "sasl.password", config.sasl_password.reveal());
  add_if_set(pairs, "ssl.ca.location", config.ssl_ca_location);
  add_if_set(pairs, "ssl.certificate.location", config.ssl_certificate_location);
  add_if_set(pairs, "ssl.key.location", config.ssl_key_location);
  add_if_set(pairs, "ssl.key.password", config.ssl_key_password.reveal());
  return pairs;
}

Result<RdHandle> make_client(rd_kafka_type_t type, const ConfigPairs& settings, int events) {
  std::array<char, 512> why{};
  std::unique_ptr<rd_kafka_conf_t, RdDelete> conf(rd_kafka_conf_new());
  for (const auto& [name, value] : settings)
    if (rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), why.data(), why.size()) !=
        RD_KAFKA_CONF_OK)
      return fail(Errc::invalid_request,
                  "The Kafka client does not take the setting " + name + ".");
  rd_kafka_conf_set_events(conf.get(), events);
  // Its log lines are not ours to print: what matters comes as an error event as well.
  rd_kafka_conf_set_log_cb(conf.get(), [](const rd_kafka_t*, int, const char*, const char*) {});
  rd_kafka_t* handle = rd_kafka_new(type, conf.get(), why.data(), why.size());
  if (handle == nullptr)
    return fail(Errc::invalid_request, std::string("The Kafka client: ") + why.data());
  [[maybe_unused]] const auto* owned = conf.release();  // by the handle now
  return RdHandle(handle);
}

Result<std::vector<std::string>> create_topics(rd_kafka_t* handle, int replication_factor,
                                               std::chrono::milliseconds wait) {
  NewTopics wanted;
  for (const auto& info : wire::topic_table())
    wanted.add(std::string(info.name), info.partitions, replication_factor, info.retention_days);
  constexpr int kDeadLetterDays = 30;
  wanted.add(dead_letter_topic(feedback_topic()), 1, replication_factor, kDeadLetterDays);
  const int wait_ms = static_cast<int>(wait.count());
  std::unique_ptr<rd_kafka_AdminOptions_t, decltype(&rd_kafka_AdminOptions_destroy)> options(
      rd_kafka_AdminOptions_new(handle, RD_KAFKA_ADMIN_OP_CREATETOPICS),
      &rd_kafka_AdminOptions_destroy);
  rd_kafka_AdminOptions_set_request_timeout(options.get(), wait_ms, nullptr, 0);
  const RdQueue answers(rd_kafka_queue_new(handle));
  rd_kafka_CreateTopics(handle, wanted.topics.data(), wanted.topics.size(), options.get(),
                        answers.get());
  const RdEvent event(rd_kafka_queue_poll(answers.get(), wait_ms + 1'000));
  if (!event) return fail(Errc::timed_out, "Creating topics: no answer.");
  if (rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR)
    return fail(Errc::unavailable,
                std::string("Creating topics: ") + rd_kafka_event_error_string(event.get()));
  std::size_t count = 0;
  const auto* result = rd_kafka_event_CreateTopics_result(event.get());
  const auto** topics = rd_kafka_CreateTopics_result_topics(result, &count);
  std::string refused;
  std::vector<std::string> created;
  for (std::size_t i = 0; i < count; ++i) {
    const auto code = rd_kafka_topic_result_error(topics[i]);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
      created.emplace_back(rd_kafka_topic_result_name(topics[i]));
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
      continue;
    refused += (refused.empty() ? "" : ", ") + std::string(rd_kafka_topic_result_name(topics[i])) +
               " (" + rd_kafka_err2str(code) + ")";
  }
  if (!refused.empty()) return fail(Errc::forbidden, "Topics not created: " + refused);
  return created;
}

namespace {

struct ConfigResources {
  std::vector<rd_kafka_ConfigResource_t*> topics;
  ~ConfigResources() {
    for (auto* topic : topics) rd_kafka_ConfigResource_destroy(topic);
  }
};

std::string retention_of(const rd_kafka_ConfigResource_t* topic) {
  std::size_t count = 0;
  const auto** entries = rd_kafka_ConfigResource_configs(topic, &count);
  for (std::size_t i = 0; i < count; ++i)
    if (std::string_view(rd_kafka_ConfigEntry_name(entries[i])) == "retention.ms") {
      const char* value = rd_kafka_ConfigEntry_value(entries[i]);
      return value == nullptr ? std::string() : std::string(value);
    }
  return {};
}

Result<void> compare_retention(rd_kafka_t* handle, std::vector<std::string>& deviations) {
  ConfigResources wanted;
  std::map<std::string, long long> days;
  for (const auto& info : wire::topic_table()) {
    const std::string name(info.name);
    days[name] = info.retention_days;
    wanted.topics.push_back(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, name.c_str()));
  }
  constexpr int kWaitMs = 10'000;
  const RdQueue answers(rd_kafka_queue_new(handle));
  rd_kafka_DescribeConfigs(handle, wanted.topics.data(), wanted.topics.size(), nullptr,
                           answers.get());
  const RdEvent event(rd_kafka_queue_poll(answers.get(), kWaitMs));
  if (!event) return fail(Errc::unavailable, "Describing topics: no answer.");
  const auto* result = rd_kafka_event_DescribeConfigs_result(event.get());
  if (result == nullptr || rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR)
    return fail(Errc::forbidden,
                std::string("Describing topics: ") + rd_kafka_event_error_string(event.get()));
  std::size_t count = 0;
  const auto** topics = rd_kafka_DescribeConfigs_result_resources(result, &count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string name = rd_kafka_ConfigResource_name(topics[i]);
    const std::string found = retention_of(topics[i]);
    const std::string should = std::to_string(days[name] * 86'400'000LL);
    if (!found.empty() && found != should)
      deviations.push_back(name + " keeps its records for " + found + " ms, not " + should +
                           " ms.");
  }
  return {};
}

}  // namespace

Result<std::vector<std::string>> find_deviations(rd_kafka_t* handle) {
  std::vector<std::string> deviations;
  const rd_kafka_metadata_t* metadata = nullptr;
  constexpr int kWaitMs = 5'000;
  const auto code = rd_kafka_metadata(handle, 1, nullptr, &metadata, kWaitMs);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    return fail(Errc::unavailable, std::string("No broker answers: ") + rd_kafka_err2str(code));
  std::map<std::string_view, int> partitions;
  for (int i = 0; i < metadata->topic_cnt; ++i)
    partitions[metadata->topics[i].topic] = metadata->topics[i].partition_cnt;
  for (const auto& info : wire::topic_table()) {
    const auto found = partitions.find(info.name);
    const std::string name(info.name);
    if (found == partitions.end())
      deviations.push_back(name + " is not there.");
    else if (found->second != info.partitions)
      deviations.push_back(name + " has " + std::to_string(found->second) + " partitions, not " +
                           std::to_string(info.partitions) + ".");
  }
  rd_kafka_metadata_destroy(metadata);
  const auto compared = compare_retention(handle, deviations);
  if (!compared) return compared.error();
  return deviations;
}

Result<int> see_topic(rd_kafka_t* handle, const std::string& topic) {
  const rd_kafka_metadata_t* metadata = nullptr;
  constexpr int kWaitMs = 5'000;
  // All topics are asked for: naming one would create it.
  const auto code = rd_kafka_metadata(handle, 1, nullptr, &metadata, kWaitMs);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    return fail(Errc::unavailable, std::string("No broker answers: ") + rd_kafka_err2str(code));
  int count = 0;
  for (int i = 0; i < metadata->topic_cnt; ++i)
    if (topic == metadata->topics[i].topic) count = metadata->topics[i].partition_cnt;
  rd_kafka_metadata_destroy(metadata);
  return count;
}

}  // namespace loquat::kafka
