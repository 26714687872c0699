#pragma once
#include "index/catalogue.hpp"
#include "loquat/semantic/semantic.hpp"

namespace loquat::semantic {

[[nodiscard]] Result<CompiledQuery> compile_query(const Catalogue& catalogue,
                                                  const contracts::MetricQuery& query,
                                                  const CompileOptions& options);

}  // namespace loquat::semantic
