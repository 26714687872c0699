#pragma once
#include <string>
#include <vector>

#include "facts.hpp"
#include "loquat/contracts/turn.hpp"
#include "loquat/sql/lineage.hpp"
#include "loquat/wire/events.hpp"

/// The lineage event of one finished turn. Pure.
namespace loquat::lineage {

/// What was read from the statement; `failure` is set when it could not be read.
struct Reading {
  sql::Lineage lineage;
  std::string fingerprint;
  std::string failure;
};
/// Without id and time: the caller has those.
[[nodiscard]] wire::LineageEvent build_event(const contracts::TurnFinished& turn, Reading reading,
                                             const ModelFacts* facts);

/// `sql` with every string literal emptied; `values` gets what stood in them.
[[nodiscard]] std::string without_strings(std::string_view sql, std::vector<std::string>& values);

/// The parts of an event and of POST /lineage/extract that come from the statement alone.
[[nodiscard]] std::vector<wire::LineageSource> sources_of(const sql::Lineage& lineage);
[[nodiscard]] std::vector<wire::LineageOutput> outputs_of(const sql::Lineage& lineage);
[[nodiscard]] std::vector<wire::LineageTransformation> steps_of(const sql::Lineage& lineage);

}  // namespace loquat::lineage
