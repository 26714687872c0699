#pragma once
#include <string>

#include "loquat/contracts/ports.hpp"
#include "record.hpp"

namespace loquat::kafka {

/// One consumed record, copied out of the library.
struct Inbound {
  contracts::RecordPlace place;
  std::string key, payload;
  Headers headers;
};

/// Its event. Errors: invalid_request: it can never be handled, and why.
[[nodiscard]] Result<wire::FeedbackEvent> decode_inbound(const Inbound& record);
/// What must be handled one after the other. What teaches, does so in its tenant's order; of the
/// rest only the order of what one user said of one answer matters: a change of it comes after what
/// it changes.
[[nodiscard]] std::string lane_of(const wire::FeedbackEvent& event);

}  // namespace loquat::kafka
