#pragma once
#include <string_view>

#include "trim.hpp"

namespace loquat::dbt {

/// What the reader takes of an artifact: `manifest`, `semantic_manifest`, `catalog`, `run_results`
/// or `sources`. Everything else, compiled SQL and macros above all, is most of the bytes.
[[nodiscard]] const Wanted& wanted_of(std::string_view artifact);

}  // namespace loquat::dbt
