#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "loquat/base/sources.hpp"
#include "loquat/contracts/ports.hpp"
#include "loquat/kafka/config.hpp"

namespace loquat::observability {
class Telemetry;
}
namespace loquat::degradation {
class HealthBoard;
}

/// The event backbone: nine topics out, feedback in; embedded broker where none is configured.
namespace loquat::kafka {

struct KafkaPorts {
  boost::asio::any_io_executor loop;
  observability::Telemetry& telemetry;
  degradation::HealthBoard& board;  ///< the entry `kafka` is added here
  Sources sources;
  std::string instance;           ///< for ce_source and the client id
  std::filesystem::path var_dir;  ///< gets `loquat.kafka` with an embedded broker
};

/// offered == delivered + dropped + refused + held, always.
struct Accounting {
  std::uint64_t offered = 0, delivered = 0, dropped = 0, refused = 0, held = 0, spooled = 0;
};

/// Loop thread only. Publishing works from `start` to `stop`.
class Kafka {
 public:
  virtual ~Kafka() = default;
  [[nodiscard]] virtual contracts::EventPublisher& publisher() = 0;
  /// Who gets the feedback records; before `start`. Without it nothing is consumed.
  virtual void set_handler(contracts::FeedbackHandler& handler) = 0;
  /// Errors: io if the spool cannot be used, invalid_request for settings that the client library
  /// refuses. An absent broker is no error.
  [[nodiscard]] virtual contracts::Task<Result<void>> start() = 0;
  /// Leaves the group, flushes, spools the rest of what was promised.
  [[nodiscard]] virtual contracts::Task<void> stop(Time deadline) = 0;
  /// The pipeline has stored the effect of this event (for embedded brokers: only now the spool may
  /// let go of it).
  virtual void settled(const std::string& event_id) = 0;
  [[nodiscard]] virtual bool is_embedded() const = 0;
  [[nodiscard]] virtual std::string bootstrap_servers() const = 0;
  [[nodiscard]] virtual Accounting accounting() const = 0;
};

[[nodiscard]] std::unique_ptr<Kafka> make_kafka(KafkaConfig config, SpoolConfig spool,
                                                KafkaPorts ports);

}  // namespace loquat::kafka
