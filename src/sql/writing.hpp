#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace loquat::sql {

/// The SELECT inside a statement that writes.
struct WritingParts {
  std::string target;                ///< as written, quotes removed
  std::vector<std::string> columns;  ///< of INSERT INTO t (a, b)
  std::string_view select;           ///< the rest, to be parsed
};
/// Splits CREATE [OR REPLACE] [TEMP] TABLE|VIEW [IF NOT EXISTS] t AS … and INSERT INTO t [(…)] ….
/// Nothing for any other statement.
[[nodiscard]] std::optional<WritingParts> split_writing(std::string_view sql);

}  // namespace loquat::sql
