#include "application.hpp"

#include <unistd.h>

#include <csignal>
#include <iostream>
#include <stdexcept>

#include "loquat/semantic/model_index.hpp"
#include "row_policies.hpp"
#include "var_dir.hpp"

namespace loquat::app {
namespace {

constexpr std::chrono::seconds kForTheRest{4};
constexpr std::chrono::seconds kGoodbye{1};

constexpr std::size_t kCookiesMax = 10'000;
constexpr auto kCookieLife = std::chrono::hours(1);

std::unique_ptr<security::Authenticator> make_authenticator(const Settings& settings,
                                                            const WallClock& wall,
                                                            security::KeyPorts keys) {
  auto policies = parse_row_policies(settings.semantic.row_filters);
  auto config = settings.auth;
  if (policies) config.jwt.kept_claims = claims_of(*policies);
  auto made = security::Authenticator::make(config, settings.http.host, wall, std::move(keys));
  if (made && policies)
    return with_row_filters(std::move(*made), std::move(*policies),
                            settings.semantic.row_filters_skip_unreachable);
  const Error& error = policies ? made.error() : policies.error();
  std::string text = error.detail;
  for (const auto& issue : error.fields) text += "\n  " + issue.pointer + ": " + issue.message;
  throw std::runtime_error(text);
}

store::StoreConfig store_config(const Settings& settings) {
  store::StoreConfig config = settings.store;
  // What the log says is kept must be what the store keeps.
  config.log_max_events = static_cast<std::int64_t>(settings.sessions.log_max_events);
  config.session_ttl = settings.sessions.ttl;
  if (config.path.empty())
    config.path = (std::filesystem::path(settings.process.var_dir) / "loquat.db").string();
  return config;
}

kafka::SpoolConfig spool_config(const Settings& settings) {
  kafka::SpoolConfig config = settings.spool;
  // Several may run side by side, each in its own var_dir: none may share a spool.
  if (!config.path.empty())
    config.path = (std::filesystem::path(settings.process.var_dir) / config.path).string();
  return config;
}

}  // namespace

contracts::Task<Result<void>> SettlingHandler::handle(wire::FeedbackEvent event,
                                                      contracts::RecordPlace place) {
  const std::string event_id = event.event_id;
  Result<void> handled = co_await inner_.handle(std::move(event), std::move(place));
  if (handled) kafka_.settled(event_id);
  co_return handled;
}

Application::Application(Settings& settings, std::string instance, std::function<void()> reload)
    : settings_(settings),
      instance_(std::move(instance)),
      var_dir_(settings.process.var_dir),
      reload_(std::move(reload)),
      telemetry_(settings.log, wall_, observability::make_stderr_sink(settings.log.format)),
      loop_(telemetry_),
      tasks_(loop_.executor(), "app", telemetry_),
      workers_(loop_.executor(), {"workers", settings.process.worker_threads, 256}, telemetry_),
      board_(wall_),
      client_(loop_.executor()),
      store_(store::make_store(store_config(settings),
                               {loop_.executor(), wall_, telemetry_,
                                [this](bool is_up, std::string error) {
                                  using degradation::Health;
                                  board_.set("store", is_up ? Health::up : Health::degraded,
                                             std::move(error));
                                },
                                machine_boot_id()})),
      kafka_(
          kafka::make_kafka(settings.kafka, spool_config(settings),
                            {loop_.executor(), telemetry_, board_, sources_, instance_, var_dir_})),
      authenticator_(make_authenticator(settings, wall_, key_ports())),
      api_keys_(sources_, store_->api_keys()),
      tickets_(sources_, settings.auth.ticket_ttl,
               static_cast<std::size_t>(settings.auth.tickets_max)),
      cookies_(sources_, kCookieLife, kCookiesMax),
      limiter_(settings.rate_limit),
      streams_(settings.streams),
      shedder_(settings.overload),
      auditor_(sources_, instance_, kafka_->publisher(), &store_->audit_chain()),
      plain_engine_(engine::make_engine(
          settings.engine,
          {loop_.executor(), workers_, tasks_, client_, parser_, board_, telemetry_, sources_})),
      fair_engine_(*plain_engine_, settings.engine, loop_.executor(), telemetry_),
      engine_(std::make_unique<engine::CachedEngine>(
          fair_engine_, settings.engine,
          [this] {
            const auto model = dbt_ ? dbt_->current() : nullptr;
            return model ? model->version : std::string();
          },
          &telemetry_)),
      inspector_(engine::make_inspector(parser_, workers_)),
      catalog_(platform::make_catalog(settings.catalog,
                                      {loop_.executor(), tasks_, client_, board_, sources_})),
      personal_columns_(*catalog_),
      semantic_layer_(platform::make_semantic_layer(
          settings.semantic_layer, {loop_.executor(), tasks_, client_, board_, sources_})),
      language_model_(
          llm::make_language_model(settings.llm, {loop_.executor(), client_, board_, sources_})),
      assistant_(llm::make_assistant(settings.assist, settings.llm.output_tokens_max,
                                     {*language_model_, sources_, telemetry_})),
      known_queries_(memory::make_known_queries(store_->learnt())),
      dbt_(dbt::make_dbt(
          settings.dbt, {loop_.executor(), sources_, telemetry_, board_, workers_, store_->models(),
                         *engine_, *catalog_, client_, known_queries_.get()})),
      personalization_(personalization::make_personalization(
          settings.personalization,
          {loop_.executor(), sources_, telemetry_, board_, store_->profiles()})),
      copilot_(copilot::make_copilot(
          settings.copilot,
          {loop_.executor(), sources_, telemetry_, board_, workers_, *dbt_, store_->profiles(),
           store_->sessions(), *inspector_, [this] { return today(settings_.semantic, wall_); }})),
      lineage_(lineage::make_lineage(
          settings.lineage,
          {loop_.executor(), workers_, client_, parser_, kafka_->publisher(), store_->traces(),
           *dbt_, catalog_.get(), board_, telemetry_, sources_})),
      trace_keeper_(store_->traces(), store_->insights(), tasks_),
      quality_report_(kafka_->publisher(), sources_),
      memory_(memory::make_memory(
          settings.memory,
          {loop_.executor(), sources_, telemetry_, workers_, store_->learnt(), store_->sessions(),
           *dbt_, *engine_, *inspector_, [this] { return today(settings_.semantic, wall_); },
           !settings.semantic.row_filters.empty()})),
      feedback_(feedback::make_feedback(
          settings.feedback, {loop_.executor(),
                              sources_,
                              telemetry_,
                              store_->sessions(),
                              store_->feedback(),
                              kafka_->publisher(),
                              *inspector_,
                              plain_engine_->dialect(),
                              {personalization_.get()},
                              [this] { return personal_columns_.names(dbt_->current()); },
                              memory_.get()})),
      conversation_(conversation::make_conversation(
          settings.sessions, {loop_.executor(),
                              sources_,
                              telemetry_,
                              board_,
                              workers_,
                              store_->sessions(),
                              kafka_->publisher(),
                              *engine_,
                              *semantic_layer_,
                              *dbt_,
                              *personalization_,
                              *copilot_,
                              *catalog_,
                              {&lineage_->observer(), personalization_.get(), &trace_keeper_,
                               feedback_.get(), &quality_report_},
                              [this] { return today(settings_.semantic, wall_); },
                              memory_.get(),
                              assistant_.get(),
                              [this] { return personal_columns_.columns(dbt_->current()); }})),
      settling_(*feedback_, *kafka_),
      semantic_({*dbt_, *engine_, *catalog_, workers_, sources_, settings.sessions.row_limit,
                 settings.semantic.stream_rows_max}),
      routes_({sources_, telemetry_, *authenticator_, tickets_, cookies_, limiter_, auditor_,
               &store_->idempotency(), settings.sessions.turn_timeout + std::chrono::seconds(5),
               &api_keys_, &shedder_, &streams_,
               [this] {
                 return std::max(conversation_->expected_wait(), fair_engine_.expected_wait());
               }}),
      websocket_(websocket::make_websocket(
          loop_.executor(), settings.ws,
          {routes_, *conversation_, telemetry_, board_, feedback_.get(), copilot_.get()})),
      lifecycle_(telemetry_),
      stop_asked_(loop_.executor()) {
  board_.add("store", "Answers go on from memory and say NOT_STORED.");
  if (!settings.auth.jwt.jwks_url.empty())
    board_.add("identity", "Tokens of known keys are taken; then none, after auth.jwt.jwks_keep.");
  kafka_->set_handler(settling_);
  watch_health();
  add_routes();
  add_components();
}

Application::~Application() = default;

void Application::watch_health() {
  board_.observe([this](std::string_view name, const degradation::IntegrationHealth& now) {
    using degradation::Health;
    auto gauge = telemetry_.metrics().gauge("loquat_degradation_available_ratio",
                                            "1: up, 0.5: degraded, 0: down or disabled.",
                                            {observability::fixed_label("integration", name)});
    gauge.set(now.state == Health::up ? 1 : now.state == Health::degraded ? 0.5 : 0);
  });
}

void Application::add_routes() {
  if (!settings_.http.web_root.empty()) {
    auto files = net::StaticFiles::load(settings_.http.web_root);
    if (files)
      page_ = std::move(*files);
    else
      std::cerr << "The page is not served: " << files.error().detail << "\n";
  }
  api::Ports ports{.routes = routes_,
                   .conversations = *conversation_,
                   .board = board_,
                   .telemetry = telemetry_,
                   .semantic = &semantic_,
                   .insights = &store_->insights(),
                   .traces = &store_->traces(),
                   .page = page_ ? &*page_ : nullptr,
                   .version = LOQUAT_VERSION,
                   .instance = instance_,
                   .is_ready = [this] { return is_ready_; }};
  api::add_routes(ports);
  websocket_->add_routes();
  feedback_->add_routes(routes_);
  lineage_->add_routes(routes_);
  dbt_->add_routes(routes_);
  personalization_->add_routes(routes_);
  copilot_->add_routes(routes_);
  memory_->add_routes(routes_);
}

void Application::add_components() {
  using runtime::Task;
  const auto started = []() -> Task<Result<void>> { co_return Result<void>{}; };
  lifecycle_.add({"store", started, [this](Time) -> Task<void> {
                    store_->stop();
                    co_return;
                  }});
  lifecycle_.add(
      {"kafka", [this] { return kafka_->start(); }, [this](Time at) { return kafka_->stop(at); }});
  lifecycle_.add({"audit",
                  [this]() -> Task<Result<void>> {
                    // Without its last links a chain starts anew: no reason not to serve.
                    const Result<void> loaded = co_await auditor_.load();
                    static_cast<void>(loaded);
                    // Without them machines are refused until the next start; people are not.
                    const Result<void> keys = co_await api_keys_.load();
                    static_cast<void>(keys);
                    tasks_.spawn("identity keys", authenticator_->keep_keys());
                    tasks_.spawn("audit counts", flush_audit_counts());
                    tasks_.spawn("load", watch_load());
                    if (settings_.process.quality_window.count() > 0)
                      tasks_.spawn("quality",
                                   quality_report_.run(settings_.process.quality_window));
                    co_return Result<void>{};
                  },
                  [this](Time) -> Task<void> {
                    co_await api_keys_.flush_uses();
                    co_await auditor_.close();
                  }});
  lifecycle_.add({"tasks", started, [this](Time at) {
                    return tasks_.drain(
                        std::min(at, runtime::deadline_after(std::chrono::seconds(1))));
                  }});
  lifecycle_.add({"dbt",
                  [this]() -> Task<Result<void>> {
                    co_await dbt_->start();
                    co_return Result<void>{};
                  },
                  [this](Time) { return dbt_->stop(); }});
  lifecycle_.add({"memory", started, [this](Time at) { return memory_->stop(at); }});
  lifecycle_.add({"personalization", started, [this](Time) { return personalization_->stop(); }});
  lifecycle_.add({"feedback", started, [this](Time at) { return feedback_->stop(at); }});
  lifecycle_.add({"lineage",
                  [this]() -> Task<Result<void>> {
                    lineage_->start();
                    co_return Result<void>{};
                  },
                  [this](Time at) { return lineage_->stop(at); }});
  lifecycle_.add({"conversation", started, [this](Time at) { return conversation_->stop(at); }});
  lifecycle_.add({"http", [this] { return start_server(); },
                  [this](Time at) -> Task<void> {
                    // What comes after needs its part: events are flushed, the rest is spooled. And
                    // who waits for an answer hears that it was cut short before he is cut off.
                    const auto left = runtime::remaining(at);
                    const Time by = at - std::min(left / 4, Clock::duration(kForTheRest));
                    conversation_->cancel_turns_at(by -
                                                   std::min(left / 8, Clock::duration(kGoodbye)));
                    co_await websocket_->drain(by);
                    co_await server_->drain(by);
                  }});
}

runtime::Task<void> Application::flush_audit_counts() {
  for (;;) {
    co_await runtime::pause_for(std::chrono::minutes(1));
    co_await api_keys_.flush_uses();
    co_await auditor_.flush_counts();
  }
}

security::KeyPorts Application::key_ports() {
  security::KeyPorts ports;
  ports.executor = loop_.executor();
  auto fetches = telemetry_.metrics().counter("loquat_app_issuer_key_fetches_total",
                                              "Times that the issuer was asked for its keys.");
  ports.fetch = [this, fetches](std::string url) mutable -> runtime::Task<Result<std::string>> {
    fetches.add();
    net::ClientRequest request;
    request.url = std::move(url);
    request.deadline = Clock::now() + std::chrono::seconds(5);
    request.max_body_bytes = 1U << 20U;
    auto response = co_await client_.send(std::move(request));
    if (!response) co_return response.error();
    if (response->status != 200)
      co_return fail(Errc::unavailable, "the issuer answered " + std::to_string(response->status));
    co_return std::move(response->body);
  };
  ports.on_state = [this](bool are_believed, std::string error) {
    using degradation::Health;
    const auto state = error.empty() ? Health::up : are_believed ? Health::degraded : Health::down;
    board_.set("identity", state, std::move(error));
  };
  return ports;
}

/// A thread that hangs in a library must not keep a process that has said goodbye: the kernel ends
/// it (SIGALRM) some time after all that was promised had its time.
void Application::end_at_last() const {
  constexpr auto kPatience = std::chrono::seconds(30);
  ::alarm(static_cast<unsigned>((settings_.process.drain_timeout + kPatience).count()));
}

runtime::Task<void> Application::main() {
  loop_.on_signals({SIGTERM, SIGINT}, [this](int) {
    if (must_stop_) ::alarm(1);  // asked twice: without patience
    must_stop_ = true;
    stop_asked_.notify_all();
  });
  loop_.on_signals({SIGHUP}, [this](int) { reload_(); });
  Result<void> started = co_await lifecycle_.start();
  if (!started) {
    std::cerr << "Loquat cannot start: " << started.error().detail << "\n" << std::flush;
    exit_code_ = 1;
    end_at_last();
    co_await tasks_.close();
    co_await workers_.stop();
    co_return;
  }
  while (!must_stop_) co_await stop_asked_.wait();
  is_ready_ = false;
  std::cout << "Loquat drains.\n" << std::flush;
  end_at_last();
  co_await lifecycle_.stop(runtime::deadline_after(settings_.process.drain_timeout));
  co_await tasks_.close();
  co_await workers_.stop();
  client_.close_idle();  // each would keep the loop alive until its time is over
}

int Application::run() {
  loop_.run(main());
  return exit_code_;
}

}  // namespace loquat::app
