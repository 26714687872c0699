#pragma once
#include <cstdint>
#include <string>

#include "loquat/base/result.hpp"

namespace loquat::dbt {

/// Reads one artifact's file piece by piece and gives what is wanted of it (see Trimmer). Blocks:
/// for a worker thread.
/// Errors: io (missing, unreadable, no regular file), payload_too_large (told before it is read),
/// corrupt. The detail begins with the artifact's name.
[[nodiscard]] Result<std::string> read_artifact_file(const std::string& artifact,
                                                     const std::string& path,
                                                     std::uint64_t bytes_max);

}  // namespace loquat::dbt
