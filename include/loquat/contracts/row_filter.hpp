#pragma once
#include <string>
#include <vector>

namespace loquat::contracts {

/// Of one dimension, the values whose rows may be seen. Holds for every metric query.
struct RowFilter {
  std::string dimension;            ///< `customer__region`: entities, then the dimension
  std::vector<std::string> values;  ///< allowed; empty: none is known, so nothing may be read
  std::string missing;              ///< what the caller should have brought; empty: nothing
  bool skips_unreachable = false;   ///< rows that have no such dimension: read all, else refuse
};

}  // namespace loquat::contracts
