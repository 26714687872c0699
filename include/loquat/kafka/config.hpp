#pragma once
#include <chrono>
#include <cstdint>
#include <string>

#include "loquat/base/fields.hpp"
#include "loquat/base/secret.hpp"

namespace loquat::kafka {

struct KafkaBufferConfig {
  std::uint32_t max_events = 10'000;
  std::uint64_t max_bytes = 16U << 20U;
  template <class V>
  void fields(V& v) {
    v("max_events", max_events, "Events that wait in memory while Kafka is away.",
      in(1, 10'000'000));
    v("max_bytes", max_bytes, "Their bytes.", unit("bytes"), in(65'536.0, 1e11));
  }
};

struct KafkaConfig {
  std::string bootstrap_servers;
  std::string security_protocol = "PLAINTEXT";
  std::string sasl_mechanism;
  std::string sasl_username;
  Secret sasl_password;
  std::string ssl_ca_location;
  std::string ssl_certificate_location;
  std::string ssl_key_location;
  Secret ssl_key_password;
  std::string consumer_group = "ai-service";
  bool create_topics = true;
  std::int32_t replication_factor = -1;
  std::chrono::milliseconds ack_wait_ms{200};
  std::chrono::milliseconds delivery_timeout{30'000};
  std::uint32_t in_flight_max = 5'000;
  std::uint32_t consumer_queue_max = 500;
  std::chrono::milliseconds session_timeout{10'000};
  std::chrono::milliseconds max_poll_interval{300'000};
  std::chrono::milliseconds breaker_pause{500};
  std::chrono::milliseconds breaker_pause_max{5'000};
  KafkaBufferConfig buffer;
  template <class V>
  void fields(V& v) {
    using namespace std::chrono_literals;
    v("bootstrap_servers", bootstrap_servers,
      "Brokers, host:port, comma separated. Empty: an embedded broker that forgets.",
      env("KAFKA_BOOTSTRAP_SERVERS"));
    v("security_protocol", security_protocol, "How brokers are spoken to.",
      one_of({"PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"}), env("KAFKA_SECURITY_PROTOCOL"));
    v("sasl_mechanism", sasl_mechanism, "How we prove who we are; with SASL_* only.",
      one_of({"", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"}), env("KAFKA_SASL_MECHANISM"));
    v("sasl_username", sasl_username, "SASL user.", env("KAFKA_SASL_USERNAME"));
    v("sasl_password", sasl_password, "SASL password; prefer the environment.",
      env("KAFKA_SASL_PASSWORD"));
    v("ssl_ca_location", ssl_ca_location, "File with the certificates we trust.");
    v("ssl_certificate_location", ssl_certificate_location, "Our certificate, for client TLS.");
    v("ssl_key_location", ssl_key_location, "Its private key.");
    v("ssl_key_password", ssl_key_password, "The key's password.");
    v("consumer_group", consumer_group, "Group that reads feedback.", len(1, 255),
      env("KAFKA_CONSUMER_GROUP"));
    v("create_topics", create_topics, "Create topics that are missing.");
    v("replication_factor", replication_factor, "Of topics we create; -1: the broker's default.",
      in(-1, 32'767));
    v("ack_wait_ms", ack_wait_ms,
      "How long a 202 waits for the broker before the event is spooled instead.", in(1ms, 60s));
    v("delivery_timeout", delivery_timeout,
      "While no broker answers: events that the client library has held for this long come back to "
      "our buffer, all together and in order.",
      in(1s, 10min));
    v("in_flight_max", in_flight_max, "Events offered to the client library at once.",
      in(1, 100'000));
    v("consumer_queue_max", consumer_queue_max,
      "Records of one partition that wait here; past it the partition is paused.", in(1, 100'000));
    v("session_timeout", session_timeout, "A group member silent for this long is taken for dead.",
      in(6s, 5min));
    v("max_poll_interval", max_poll_interval,
      "A process whose loop hangs for this long loses its partitions to others.", in(5min, 1h));
    v("breaker_pause", breaker_pause, "First pause before an away broker is tried again; doubles.",
      in(10ms, 1min));
    v("breaker_pause_max", breaker_pause_max, "Longest such pause.", in(10ms, 10min));
    v("buffer", buffer, "What waits in memory.");
  }
};

/// Key `spool`.
struct SpoolConfig {
  std::string path;
  std::uint64_t max_bytes = 256U << 20U;
  std::uint64_t segment_bytes = 8U << 20U;
  double audit_share = 0.25;
  template <class V>
  void fields(V& v) {
    v("path", path,
      "Folder on a local disk, relative to var_dir; empty: what is buffered is lost with the "
      "process.");
    v("max_bytes", max_bytes, "Largest size of all segments.", unit("bytes"), in(1e5, 1e13));
    v("segment_bytes", segment_bytes, "Size at which a new segment begins.", unit("bytes"),
      in(4096.0, 1e10));
    v("audit_share", audit_share, "Share of max_bytes that only audit records may use.",
      in(0.0, 0.9));
  }
};

}  // namespace loquat::kafka
