#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "settings.hpp"

/// What the program does besides serving: one verb, then out.
namespace loquat::app {

struct Command {
  std::vector<std::string> words;            ///< `audit verify FILE`, `dlq list`, ...
  std::vector<const char*> other_arguments;  ///< for the settings
};
/// Nothing if the line names no verb: then the program serves.
[[nodiscard]] std::optional<Command> find_command(std::span<const char* const> arguments);
/// Out: the exit code; 0 all well, 1 something is wrong, 2 the words are.
[[nodiscard]] int run_command(const Command& command, Settings& settings);

extern const char* const kCommandsHelp;

}  // namespace loquat::app
