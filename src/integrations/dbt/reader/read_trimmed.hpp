#pragma once
#include <map>
#include <string>
#include <string_view>

#include "loquat/base/result.hpp"
#include "loquat/contracts/semantic_model.hpp"

namespace loquat::dbt {

/// What is wanted of one artifact's whole text. Errors: corrupt, beginning with the artifact's
/// name.
[[nodiscard]] Result<std::string> trim_artifact(std::string_view artifact, std::string_view text);

/// Content hash: equal trimmed texts give equal versions.
[[nodiscard]] std::string content_version(const std::map<std::string, std::string>& texts);

/// Artifact name -> trimmed text, as Trimmer makes it. The manifest or the semantic manifest must
/// be there. Errors: corrupt, if the manifest is of another schema version than v12. Memory: the
/// result and one item at a time beside the texts. For a worker thread.
[[nodiscard]] Result<contracts::ProjectModel> read_trimmed(
    const std::map<std::string, std::string>& texts, WallTime now);

}  // namespace loquat::dbt
