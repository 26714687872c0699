#include "settings.hpp"

namespace loquat::app {

void Settings::bind(config::Loader& loader) {
  loader.section("", process);
  loader.section("log", log);
  loader.section("http", http);
  loader.section("auth", auth);
  loader.section("rate_limit", rate_limit);
  loader.section("streams", streams);
  loader.section("overload", overload);
  loader.section("ws", ws);
  loader.section("sessions", sessions);
  loader.section("semantic", semantic);
  loader.section("engine", engine);
  loader.section("dbt", dbt);
  loader.section("store", store);
  loader.section("kafka", kafka);
  loader.section("spool", spool);
  loader.section("feedback", feedback);
  loader.section("lineage", lineage);
  loader.section("catalog", catalog);
  loader.section("semantic_layer", semantic_layer);
  loader.section("llm", llm);
  loader.section("assist", assist);
  loader.section("personalization", personalization);
  loader.section("copilot", copilot);
  loader.section("memory", memory);
}

}  // namespace loquat::app
