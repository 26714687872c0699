#pragma once
#include <string>

#include "loquat/observability/fact.hpp"
#include "loquat/wire/topics.hpp"

/// What this room reports.
namespace loquat::kafka {

using observability::CounterSpec;
using observability::Level;

enum class LossReason { no_room, rejected };

struct EmbeddedBrokerStarted {
  std::string address;
  static constexpr Level level = Level::info;
  static constexpr std::string_view name = "kafka.embedded_broker_started";
  static constexpr std::string_view message =
      "No bootstrap servers are set: an embedded broker serves. It forgets at the end of the "
      "process, keeps about 5 MiB a partition, drops the oldest silently, and knows no security.";
  template <class V>
  void fields(V& v) const {
    v("address", address);
  }
};
struct BrokerAway {
  std::string error;
  static constexpr Level level = Level::warning;
  static constexpr std::string_view name = "kafka.broker_away";
  static constexpr std::string_view message = "No broker answers; events wait here.";
  static constexpr CounterSpec counter{"loquat_kafka_broker_outages_total", "Outages begun."};
  template <class V>
  void fields(V& v) const {
    v("error", error);
  }
};
struct BrokerBack {
  std::uint64_t waiting = 0;
  static constexpr Level level = Level::info;
  static constexpr std::string_view name = "kafka.broker_back";
  static constexpr std::string_view message = "The broker answers again; what waited is sent.";
  template <class V>
  void fields(V& v) const {
    v("waiting", waiting);
  }
};
struct EventDropped {
  wire::Topic reason;  ///< repeats are limited per topic
  static constexpr Level level = Level::warning;
  static constexpr std::string_view name = "kafka.event_dropped";
  static constexpr std::string_view message = "An event of low value found no room.";
  static constexpr CounterSpec counter{"loquat_kafka_dropped_events_total",
                                       "Events that found no room."};
  template <class V>
  void fields(V& v) const {
    v("topic", reason);
  }
  template <class V>
  void labels(V& v) const {
    v("topic", reason);
  }
};
struct EventRejected {
  std::string topic;
  static constexpr Level level = Level::error;
  static constexpr std::string_view name = "kafka.event_rejected";
  static constexpr std::string_view message = "The broker does not take this event; it is lost.";
  static constexpr CounterSpec counter{"loquat_kafka_rejected_events_total",
                                       "Events that the broker can never take."};
  template <class V>
  void fields(V& v) const {
    v("topic", topic);
  }
};
struct SpoolRecovered {
  std::uint64_t records = 0, skipped = 0, truncated = 0;
  static constexpr Level level = Level::info;
  static constexpr std::string_view name = "kafka.spool_recovered";
  static constexpr std::string_view message = "The spool holds events of an earlier run.";
  template <class V>
  void fields(V& v) const {
    v("records", records);
    v("skipped", skipped);
    v("truncated", truncated);
  }
};
struct SpoolFailed {
  std::string error;
  static constexpr Level level = Level::error;
  static constexpr std::string_view name = "kafka.spool_failed";
  static constexpr std::string_view message = "The spool does not take or give events.";
  static constexpr CounterSpec counter{"loquat_kafka_spool_failures_total", "Failed spool calls."};
  template <class V>
  void fields(V& v) const {
    v("error", error);
  }
};
struct ProducerRestarted {
  std::string error;
  static constexpr Level level = Level::warning;
  static constexpr std::string_view name = "kafka.producer_restarted";
  static constexpr std::string_view message =
      "The client library gave up; a new producer sends what was not reported.";
  static constexpr CounterSpec counter{"loquat_kafka_producer_restarts_total", "New producers."};
  template <class V>
  void fields(V& v) const {
    v("error", error);
  }
};
struct DeadLettered {
  std::string topic;
  std::int64_t partition = 0, offset = 0;
  Errc code = Errc::invalid_request;
  static constexpr Level level = Level::warning;
  static constexpr std::string_view name = "kafka.record_dead_lettered";
  static constexpr std::string_view message = "A record can never be handled; it was set aside.";
  static constexpr CounterSpec counter{"loquat_kafka_dead_letters_total", "Records set aside."};
  template <class V>
  void fields(V& v) const {
    v("topic", topic);
    v("partition", partition);
    v("offset", offset);
    v("code", code);
  }
};
struct HandlerFailed {
  Errc code = Errc::internal;
  static constexpr Level level = Level::warning;
  static constexpr std::string_view name = "kafka.handler_failed";
  static constexpr std::string_view message = "The effect of a record was not stored; again later.";
  static constexpr CounterSpec counter{"loquat_kafka_handler_retries_total",
                                       "Attempts that did not store an effect."};
  template <class V>
  void fields(V& v) const {
    v("code", code);
  }
};
struct TopicsCreated {
  std::string topics;
  static constexpr Level level = Level::info;
  static constexpr std::string_view name = "kafka.topics_created";
  static constexpr std::string_view message = "Topics were missing and have been created.";
  template <class V>
  void fields(V& v) const {
    v("topics", topics);
  }
};
struct TopicDiffers {
  std::string topic;  ///< and how: a sentence
  static constexpr Level level = Level::warning;
  static constexpr std::string_view name = "kafka.topic_differs";
  static constexpr std::string_view message =
      "A topic is not as it should be; it is used as it is.";
  static constexpr CounterSpec counter{"loquat_kafka_topic_deviations_total",
                                       "Deviations of topics found at the start."};
  template <class V>
  void fields(V& v) const {
    v("topic", topic);
  }
};
struct ClientTrouble {
  std::string error;
  static constexpr Level level = Level::warning;
  static constexpr std::string_view name = "kafka.client_trouble";
  static constexpr std::string_view message = "The client library reports trouble.";
  static constexpr CounterSpec counter{"loquat_kafka_client_errors_total", "Errors reported."};
  template <class V>
  void fields(V& v) const {
    v("error", error);
  }
};

}  // namespace loquat::kafka
