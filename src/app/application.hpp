#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "loquat/api/api.hpp"
#include "loquat/conversation/conversation.hpp"
#include "loquat/copilot/copilot.hpp"
#include "loquat/dbt/dbt.hpp"
#include "loquat/engine/engine.hpp"
#include "loquat/feedback/feedback.hpp"
#include "loquat/kafka/kafka.hpp"
#include "loquat/lineage/lineage.hpp"
#include "loquat/llm/assistant.hpp"
#include "loquat/llm/llm.hpp"
#include "loquat/memory/memory.hpp"
#include "loquat/net/server.hpp"
#include "loquat/personalization/personalization.hpp"
#include "loquat/platform/platform.hpp"
#include "loquat/runtime/runtime.hpp"
#include "loquat/sql/parser.hpp"
#include "loquat/websocket/websocket.hpp"
#include "personal_columns.hpp"
#include "quality_report.hpp"
#include "semantic_queries.hpp"
#include "settings.hpp"
#include "trace_keeper.hpp"

namespace loquat::app {

/// Tells the embedded broker's spool that a feedback event's effect is stored.
class SettlingHandler final : public contracts::FeedbackHandler {
 public:
  SettlingHandler(contracts::FeedbackHandler& inner, kafka::Kafka& kafka)
      : inner_(inner), kafka_(kafka) {}
  contracts::Task<Result<void>> handle(wire::FeedbackEvent event,
                                       contracts::RecordPlace place) override;

 private:
  contracts::FeedbackHandler& inner_;
  kafka::Kafka& kafka_;
};

/// Every room, made in the order in which they use each other, and taken down in the reverse.
class Application {
 public:
  /// `reload` reads the settings again; called on SIGHUP. Throws std::runtime_error for what makes
  /// a start impossible.
  Application(Settings& settings, std::string instance, std::function<void()> reload);
  ~Application();
  Application(const Application&) = delete;
  Application& operator=(const Application&) = delete;

  /// Serves until SIGTERM or SIGINT, then drains. Out: the process's exit code.
  [[nodiscard]] int run();
  void apply_reload();

 private:
  [[nodiscard]] runtime::Task<void> main();
  void end_at_last() const;
  void add_components();
  void add_routes();
  [[nodiscard]] runtime::Task<Result<void>> start_server();
  [[nodiscard]] runtime::Task<void> flush_audit_counts();
  [[nodiscard]] runtime::Task<void> watch_certificate();
  [[nodiscard]] runtime::Task<void> watch_load();
  void reload_certificate();
  [[nodiscard]] security::KeyPorts key_ports();
  void announce() const;
  void watch_health();

  Settings& settings_;
  std::string instance_;
  std::filesystem::path var_dir_;
  std::function<void()> reload_;
  SystemWallClock wall_;
  SystemRandom random_;
  Sources sources_{wall_, random_};
  observability::Telemetry telemetry_;
  runtime::EventLoop loop_;
  runtime::TaskGroup tasks_;
  runtime::WorkerPool workers_;
  degradation::HealthBoard board_;
  net::Client client_;
  sql::Parser parser_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<kafka::Kafka> kafka_;
  std::unique_ptr<security::Authenticator> authenticator_;
  security::ApiKeys api_keys_;
  security::Tickets tickets_, cookies_;
  security::RateLimiter limiter_;
  security::StreamSlots streams_;
  degradation::LoadShedder shedder_;
  security::Auditor auditor_;
  std::unique_ptr<contracts::QueryEngine> plain_engine_;
  engine::FairEngine fair_engine_;
  std::unique_ptr<engine::CachedEngine> engine_;
  std::unique_ptr<contracts::SqlInspector> inspector_;
  std::unique_ptr<platform::Catalog> catalog_;
  PersonalColumns personal_columns_;
  std::unique_ptr<contracts::SemanticLayer> semantic_layer_;
  std::unique_ptr<contracts::LanguageModel> language_model_;
  std::unique_ptr<contracts::Assistant> assistant_;
  std::unique_ptr<contracts::KnownQueries> known_queries_;
  std::unique_ptr<dbt::Dbt> dbt_;
  std::unique_ptr<personalization::Personalization> personalization_;
  std::unique_ptr<copilot::Copilot> copilot_;
  std::unique_ptr<lineage::Lineage> lineage_;
  TraceKeeper trace_keeper_;
  QualityReport quality_report_;
  std::unique_ptr<memory::Memory> memory_;
  std::unique_ptr<feedback::Feedback> feedback_;
  std::unique_ptr<conversation::Conversation> conversation_;
  SettlingHandler settling_;
  SemanticService semantic_;
  edge::Routes routes_;
  std::unique_ptr<websocket::WebSocketRoom> websocket_;
  std::optional<net::StaticFiles> page_;
  std::unique_ptr<net::Server> server_;
  runtime::Lifecycle lifecycle_;
  runtime::Notification stop_asked_;
  bool must_stop_ = false;
  bool is_ready_ = false;
  int exit_code_ = 0;
};

}  // namespace loquat::app
