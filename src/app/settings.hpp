#pragma once
#include <string>

#include "loquat/config/config.hpp"
#include "loquat/conversation/config.hpp"
#include "loquat/copilot/config.hpp"
#include "loquat/dbt/config.hpp"
#include "loquat/degradation/load_shedder.hpp"
#include "loquat/engine/config.hpp"
#include "loquat/feedback/config.hpp"
#include "loquat/kafka/config.hpp"
#include "loquat/lineage/config.hpp"
#include "loquat/llm/assistant.hpp"
#include "loquat/llm/llm.hpp"
#include "loquat/memory/config.hpp"
#include "loquat/net/config.hpp"
#include "loquat/observability/telemetry.hpp"
#include "loquat/personalization/config.hpp"
#include "loquat/platform/config.hpp"
#include "loquat/security/config.hpp"
#include "loquat/store/store.hpp"
#include "loquat/websocket/config.hpp"
#include "today.hpp"

namespace loquat::app {

/// Keys of the top level.
struct ProcessConfig {
  std::string var_dir = "var";
  std::string instance;
  std::uint32_t worker_threads = 2;
  std::chrono::milliseconds drain_timeout{15'000};
  std::chrono::seconds quality_window{60};
  template <class V>
  void fields(V& v) {
    using namespace std::chrono_literals;
    v("var_dir", var_dir, "Folder of what is written: store, spool, loquat.port, loquat.kafka.",
      len(1, 4'000));
    v("instance", instance,
      "Name of this process in events and audit chains; empty: made once and kept in var_dir.",
      len(0, 64));
    v("worker_threads", worker_threads, "Threads for what computes or blocks.", in(1, 64));
    v("drain_timeout", drain_timeout, "Longest that SIGTERM waits for answers and events.",
      in(100ms, 10min));
    v("quality_window", quality_window,
      "After each, an event tells what each tenant's answers were like; 0: none.", in(0s, 1h));
  }
};

/// Every room's settings, each declared by the room itself.
struct Settings {
  ProcessConfig process;
  observability::LogConfig log;
  net::HttpConfig http;
  security::AuthConfig auth;
  security::RateLimitConfig rate_limit;
  security::StreamsConfig streams;
  degradation::OverloadConfig overload;
  websocket::WebSocketConfig ws;
  conversation::SessionsConfig sessions;
  SemanticConfig semantic;
  engine::EngineConfig engine;
  dbt::DbtConfig dbt;
  store::StoreConfig store;
  kafka::KafkaConfig kafka;
  kafka::SpoolConfig spool;
  feedback::FeedbackConfig feedback;
  lineage::LineageConfig lineage;
  platform::CatalogConfig catalog;
  platform::SemanticLayerConfig semantic_layer;
  llm::LlmConfig llm;
  llm::AssistConfig assist;
  personalization::PersonalizationConfig personalization;
  copilot::CopilotConfig copilot;
  memory::MemoryConfig memory;

  /// Binds every section; `loader` keeps references into this object.
  void bind(config::Loader& loader);
};

}  // namespace loquat::app
