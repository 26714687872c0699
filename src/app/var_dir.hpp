#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

#include "loquat/base/result.hpp"
#include "loquat/base/sources.hpp"

namespace loquat::app {

/// The folder that the process writes into. Start-up thread only. Errors: io, naming the folder.
[[nodiscard]] Result<void> make_var_dir(const std::filesystem::path& var_dir);
/// `configured`, else the name kept in `<var_dir>/instance`, made at the first start: audit chains
/// go on with it.
[[nodiscard]] Result<std::string> instance_name(const std::filesystem::path& var_dir,
                                                const std::string& configured,
                                                RandomSource& random);
/// Linux's name for the time since the machine was switched on (random(4)); empty if unknown.
[[nodiscard]] std::string machine_boot_id();
/// Writes `<var_dir>/<name>` whole or not at all.
[[nodiscard]] Result<void> write_file(const std::filesystem::path& path, const std::string& text);

}  // namespace loquat::app
