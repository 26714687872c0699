#pragma once
#include "index/catalogue.hpp"
#include "loquat/semantic/semantic.hpp"

namespace loquat::semantic {

[[nodiscard]] Result<CompiledQuery> compile_query(const Catalogue& catalogue,
                                                  const contracts::MetricQuery& query,
                                                  const CompileOptions& options);

/// Errors: forbidden, if a row filter cannot be put on.
[[nodiscard]] Result<std::string> compile_values(const Catalogue& catalogue,
                                                 const DimensionInfo& dimension,
                                                 std::string_view search, std::int64_t limit,
                                                 const CompileOptions& options);

}  // namespace loquat::semantic
