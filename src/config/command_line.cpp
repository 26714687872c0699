#include <unistd.h>

#include "loquat/config/config.hpp"

namespace loquat::config {

Result<CommandLine> parse_command_line(std::span<const char* const> arguments) {
  CommandLine line;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    if (argument == "--check-config") {
      line.check_config = true;
    } else if (argument == "--print-config") {
      line.print_config = true;
    } else if (argument == "--print-reference") {
      line.print_reference = true;
    } else if (argument == "--version") {
      line.version = true;
    } else if (argument == "--help" || argument == "-h") {
      line.help = true;
    } else if (argument == "--config") {
      if (i + 1 == arguments.size())
        return fail(Errc::invalid_request, "--config needs the name of a file.");
      line.config = arguments[++i];
    } else if (argument.starts_with("--config=")) {
      line.config = std::string(argument.substr(9));
    } else if (argument.starts_with("--") && argument.find('=') != std::string_view::npos) {
      const auto at = argument.find('=');
      line.settings.emplace_back(argument.substr(2, at - 2), argument.substr(at + 1));
    } else {
      return fail(Errc::invalid_request, "'" + std::string(argument) +
                                             "' is not known; allowed: --config FILE, "
                                             "--check-config, --print-config, --version, --help, "
                                             "and --KEY=VALUE for any setting.");
    }
  }
  return line;
}

std::map<std::string, std::string> read_environment() {
  std::map<std::string, std::string> all;
  for (char** entry = environ; entry && *entry; ++entry) {
    const std::string_view text = *entry;
    const auto at = text.find('=');
    if (at != std::string_view::npos) all.emplace(text.substr(0, at), text.substr(at + 1));
  }
  return all;
}

}  // namespace loquat::config
