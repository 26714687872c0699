#include <iostream>
#include <stdexcept>

#include "application.hpp"
#include "commands.hpp"
#include "loquat/app/app.hpp"
#include "var_dir.hpp"

namespace loquat::app {
namespace {

void complain(const Error& error) {
  std::cerr << error.detail << "\n";
  for (const auto& issue : error.fields)
    std::cerr << "  " << issue.pointer << ": " << issue.message << "\n";
}

constexpr const char* kHelp =
    "loquat [--config FILE] [--KEY=VALUE]...   serve\n"
    "       --check-config                     read the settings, say what is wrong, exit\n"
    "       --print-config                     print every key and its value (secrets redacted), "
    "exit\n"
    "       --print-reference                  print every key with its text, default and bounds, "
    "exit\n"
    "       --version, --help\n"
    "Settings: default < file < environment < flag; config/loquat.yaml documents every key.\n";

int serve(Settings& settings, config::Loader& loader, const config::LoadSources& sources) {
  SystemRandom random;
  const std::filesystem::path var_dir = settings.process.var_dir;
  Result<void> ready = make_var_dir(var_dir);
  auto instance = ready ? instance_name(var_dir, settings.process.instance, random) : ready.error();
  if (!instance) {
    complain(instance.error());
    return 1;
  }
  Application* running = nullptr;
  Application application(settings, *instance, [&] {
    auto report = loader.reload(sources);
    if (!report) return complain(report.error());
    for (const auto& key : report->applied) std::cout << "reloaded " << key << "\n";
    for (const auto& key : report->needs_restart) std::cout << "needs a restart: " << key << "\n";
    std::cout << std::flush;  // into a file it would wait for more
    if (running != nullptr) running->apply_reload();
  });
  running = &application;
  return application.run();
}

}  // namespace

int run(int argc, const char* const* argv) {
  const std::span<const char* const> arguments{argv + 1, static_cast<std::size_t>(argc - 1)};
  const auto command = find_command(arguments);
  auto line = config::parse_command_line(
      command ? std::span<const char* const>(command->other_arguments) : arguments);
  if (!line) {
    complain(line.error());
    std::cerr << kHelp << kCommandsHelp;
    return 2;
  }
  if (line->help) return std::cout << kHelp << kCommandsHelp, 0;
  if (line->version) return std::cout << "loquat " << LOQUAT_VERSION << "\n", 0;
  Settings settings;
  config::Loader loader;
  settings.bind(loader);
  if (line->print_reference) return std::cout << loader.render_reference(), 0;
  const config::LoadSources sources{line->config, config::read_environment(), line->settings};
  Result<void> loaded = loader.load(sources);
  if (loaded) loaded = use_time_zone(settings.semantic);
  if (!loaded) {
    complain(loaded.error());
    return 1;
  }
  if (line->print_config) return std::cout << loader.print(), 0;
  if (line->check_config) return std::cout << "The settings are good.\n", 0;
  try {
    if (command) return run_command(*command, settings);
    return serve(settings, loader, sources);
  } catch (const std::exception& error) {
    std::cerr << "Loquat cannot start: " << error.what() << "\n";
    return 1;
  }
}

}  // namespace loquat::app
