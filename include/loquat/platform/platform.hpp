#pragma once
#include <cstdint>
#include <memory>

#include "loquat/base/sources.hpp"
#include "loquat/contracts/ports.hpp"
#include "loquat/platform/config.hpp"

namespace loquat::runtime {
class TaskGroup;
}
namespace loquat::net {
class Client;
}
namespace loquat::degradation {
class HealthBoard;
}

/// Clients of the platform's catalog and semantic layer. Neither is needed for an answer.
namespace loquat::platform {

/// References outlive the clients.
struct Ports {
  boost::asio::any_io_executor executor;
  runtime::TaskGroup& tasks;  ///< asking for tags in the background
  net::Client& client;
  degradation::HealthBoard& board;
  const Sources& sources;
};

/// Tags decide about masking; edges of ours go there too. Lists `catalog` on the board.
/// Configured but never reached for a relation: text columns of which dbt says nothing are masked.
/// Once reached: the last known tags, however old. Not configured: dbt's word alone.
class Catalog : public contracts::ColumnTags, public contracts::CatalogLineage {
 public:
  /// Another number whenever must_mask may answer otherwise than before.
  [[nodiscard]] virtual std::uint64_t tags_version() const noexcept = 0;
};
[[nodiscard]] std::unique_ptr<Catalog> make_catalog(CatalogConfig config, Ports ports);

/// Lists `semantic_layer` on the board.
[[nodiscard]] std::unique_ptr<contracts::SemanticLayer> make_semantic_layer(
    SemanticLayerConfig config, Ports ports);

}  // namespace loquat::platform
