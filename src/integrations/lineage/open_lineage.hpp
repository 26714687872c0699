#pragma once
#include <string>
#include <string_view>

#include "loquat/wire/events.hpp"

namespace loquat::lineage {

/// An OpenLineage RunEvent (2-0-2) with SQL and column lineage (1-2-0) facets. `run_id` a UUID.
[[nodiscard]] std::string to_open_lineage(const wire::LineageEvent& event,
                                          std::string_view name_space, std::string_view run_id);
/// The UUID in `<prefix>-<uuid>`; empty if there is none.
[[nodiscard]] std::string uuid_of(std::string_view id);

}  // namespace loquat::lineage
