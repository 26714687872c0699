#include "loquat/engine/engine.hpp"

#include <stdexcept>

#include "duckdb/engine.hpp"
#include "loquat/degradation/health_board.hpp"
#include "remote/platform.hpp"
#include "remote/trino.hpp"

namespace loquat::engine {

std::unique_ptr<contracts::QueryEngine> make_engine(EngineConfig config, Ports ports) {
  ports.board.add("query_engine", "Plan and SQL without rows, or the last result with its age.");
  switch (config.kind) {
    case EngineKind::duckdb:
      if (config.duckdb.path.empty())
        throw std::invalid_argument("engine.duckdb.path is empty; a database file is needed");
      return std::make_unique<DuckDbEngine>(std::move(config), std::move(ports));
    case EngineKind::trino:
      if (config.url.empty()) break;
      return std::make_unique<TrinoEngine>(std::move(config), std::move(ports));
    case EngineKind::rest:
      if (config.url.empty()) break;
      return std::make_unique<PlatformEngine>(std::move(config), std::move(ports));
  }
  throw std::invalid_argument("engine.url is empty; engine.kind needs one");
}

}  // namespace loquat::engine
