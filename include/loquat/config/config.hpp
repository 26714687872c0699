#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "loquat/base/result.hpp"
#include "loquat/config/setting.hpp"

/// Settings: one struct per room, each field declared once (base/fields.hpp), composed by app:
///   Loader loader;
///   loader.section("http", http);            // a room's struct, with its defaults in place
///   loader.section("engine.duckdb", duckdb);  // a path; "" binds keys of the top level
///   auto loaded = loader.load(sources);      // default < YAML < environment < flag
namespace loquat::config {

struct LoadSources {
  std::optional<std::filesystem::path> yaml;  ///< absent: no file
  std::map<std::string, std::string> environment;
  std::vector<std::pair<std::string, std::string>> flags;  ///< key, value; later ones win
};

/// What reload did, by key.
struct ReloadReport {
  std::vector<std::string> applied;
  std::vector<std::string> needs_restart;
};

/// Start-up thread only; the bound structs must outlive it and keep their place.
class Loader {
 public:
  /// Binds every field of `target` (nested structs too) under `path`; the values that stand in it
  /// now are the defaults. Throws std::logic_error if a key is bound twice.
  template <HasFields T>
  void section(std::string_view path, T& target) {
    Binder binder{*this, std::string(path)};
    target.fields(binder);
  }
  /// Errors: invalid_request with one FieldIssue per wrong or unknown key, `io` if the file cannot
  /// be read. No member has changed then.
  [[nodiscard]] Result<void> load(const LoadSources& sources);
  /// Takes over what is marked `reloadable`, names what else changed. Errors as `load`.
  [[nodiscard]] Result<ReloadReport> reload(const LoadSources& sources);
  /// Every key with its value as YAML; secrets redacted.
  [[nodiscard]] std::string print() const;
  /// Every key as commented YAML: text, kind, bounds, unit, environment name, default.
  [[nodiscard]] std::string render_reference() const;
  [[nodiscard]] std::vector<std::string> keys() const;

 private:
  struct Binder {
    Loader& loader;
    std::string path;
    template <class T, class... A>
    void operator()(std::string_view name, T& member, std::string_view text, A&&... attribute) {
      std::string key = path.empty() ? std::string(name) : path + "." + std::string(name);
      if constexpr (HasFields<T>) {
        Binder nested{loader, std::move(key)};
        member.fields(nested);
      } else {
        loader.add(std::make_unique<TypedSetting<T>>(
            std::move(key), member, text, collect_attributes(std::forward<A>(attribute)...)));
      }
    }
  };
  void add(std::unique_ptr<Setting> setting);
  [[nodiscard]] Result<void> read_all(const LoadSources& sources);
  std::vector<std::unique_ptr<Setting>> settings_;
  std::map<std::string, Setting*, std::less<>> by_key_;
};

/// `engine.duckdb.path` -> `LOQUAT_ENGINE__DUCKDB__PATH`.
[[nodiscard]] std::string environment_name(std::string_view key);

/// `loquat [--config FILE] [--check-config] [--print-config] [--version] [--help] [--KEY=VALUE]…`
struct CommandLine {
  std::optional<std::filesystem::path> config;
  bool check_config = false, print_config = false, print_reference = false;
  bool version = false, help = false;
  std::vector<std::pair<std::string, std::string>> settings;
};
/// Errors: invalid_request naming the argument.
[[nodiscard]] Result<CommandLine> parse_command_line(std::span<const char* const> arguments);
/// The process's environment as a map.
[[nodiscard]] std::map<std::string, std::string> read_environment();

}  // namespace loquat::config
