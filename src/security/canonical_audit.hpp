#pragma once
#include <optional>
#include <string>

#include "loquat/wire/events.hpp"

namespace loquat::security {

/// The canonical JSON (RFC 8785) of an audit event without `chain.hash`, written straight from its
/// members: the same bytes as canonical_json of its encoding, without reading that back. Nothing if
/// a member needs more than that (text that is no UTF-8, a place in the chain beyond 2^53).
[[nodiscard]] std::optional<std::string> canonical_audit(const wire::AuditEvent& event);

}  // namespace loquat::security
