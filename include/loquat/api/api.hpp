#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <string>

#include "loquat/contracts/conversations.hpp"
#include "loquat/contracts/stores.hpp"
#include "loquat/edge/routes.hpp"
#include "loquat/net/static_files.hpp"

namespace loquat::degradation {
class HealthBoard;
}

/// Plain REST: chat, the log by SSE and long-poll, metrics without a conversation, health, served
/// schemas, the page. Routes of the integrations are their own.
namespace loquat::api {

struct Ports {
  edge::Routes& routes;
  contracts::Conversations& conversations;
  degradation::HealthBoard& board;
  observability::Telemetry& telemetry;
  contracts::SemanticQueries* semantic = nullptr;  ///< null: no /semantic routes
  contracts::InsightStore* insights = nullptr;     ///< null: no /insights
  contracts::TraceStore* traces = nullptr;         ///< null: no /traces
  const net::StaticFiles* page = nullptr;          ///< null: no page at /
  std::string version{}, instance{};
  std::function<bool()> is_ready{};  ///< for /health/ready; empty: always
  std::chrono::seconds stream_heartbeat{15};
};

/// Adds every route of this room; before the server starts. What `ports` refers to outlives the
/// routes.
void add_routes(const Ports& ports);

/// AsyncAPI 3.0 of the nine topics.
[[nodiscard]] std::string asyncapi_document(std::string_view version);

}  // namespace loquat::api
