#include <algorithm>
#include <fstream>
#include <set>
#include <stdexcept>

#include "loquat/config/config.hpp"
#include "yaml_reader.hpp"

namespace loquat::config {
namespace {

constexpr std::string_view kPrefix = "LOQUAT_";
constexpr std::size_t kSecretFileBytesMax = 64 * 1024;

std::string pointer_of(std::string_view key) {
  std::string pointer = "/";
  for (const char c : key) pointer += c == '.' ? '/' : c;
  return pointer;
}
/// The name that keys come close to, for a wrong one: how many single edits apart.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
    }
  }
  return row[b.size()];
}

/// Collects every complaint, so that all are told at once.
class Reading {
 public:
  explicit Reading(const std::vector<std::unique_ptr<Setting>>& settings) : settings_(settings) {}

  void apply(Setting& setting, const Value& value, const std::string& source) {
    const auto wrong = setting.read(value);
    if (!wrong) return;
    // A secret is never repeated, not even a wrong one.
    const std::string what = setting.is_secret() ? "has a wrong form" : *wrong;
    complain(setting.key(), setting.key() + " (" + source + "): " + what);
  }
  void unknown(const std::string& key, const std::string& source) {
    std::string message = key + " (" + source + "): no such key";
    const Setting* nearest = nullptr;
    std::size_t best = key.size() / 3 + 1;
    for (const auto& setting : settings_) {
      const auto apart = distance(key, setting->key());
      if (apart < best) {
        best = apart;
        nearest = setting.get();
      }
    }
    if (nearest) message += "; did you mean " + nearest->key() + "?";
    complain(key, std::move(message));
  }
  void complain(std::string_view key, std::string message) {
    issues_.push_back({pointer_of(key), std::move(message)});
  }
  [[nodiscard]] Result<void> verdict() && {
    if (issues_.empty()) return boost::system::in_place_value;
    Error error = fail(Errc::invalid_request, "The settings are wrong:");
    for (const auto& issue : issues_) error.detail += "\n  " + issue.message;
    error.fields = std::move(issues_);
    return error;
  }

 private:
  const std::vector<std::unique_ptr<Setting>>& settings_;
  std::vector<FieldIssue> issues_;
};

/// The text of a secret's file without the line end that editors leave.
Result<std::string> read_secret_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kSecretFileBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  const auto size = static_cast<std::size_t>(file.gcount());
  if (file.bad() || (!file.eof() && size == 0) || !file.is_open())
    return fail(Errc::io, "the file it names cannot be read");
  if (size > kSecretFileBytesMax) return fail(Errc::io, "the file it names is over 64 KiB");
  text.resize(size);
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

using Environment = std::map<std::string, std::string>;

struct EnvironmentReader {
  Reading& reading;
  const Environment& environment;
  std::set<std::string, std::less<>> own_names;  // a key called `…_file` is no secret's file
  std::set<std::string, std::less<>> used;

  bool take(Setting& setting, const std::string& name) {
    const auto plain = environment.find(name);
    const auto file =
        own_names.contains(name + "_FILE") ? environment.end() : environment.find(name + "_FILE");
    if (plain != environment.end()) used.insert(plain->first);
    if (file != environment.end()) used.insert(file->first);
    if (plain != environment.end() && file != environment.end()) {
      reading.complain(setting.key(), setting.key() + ": " + name + " and " + name +
                                          "_FILE are both set; allowed: one of them");
      return true;
    }
    if (plain != environment.end()) {
      reading.apply(setting, plain->second, name);
      return true;
    }
    if (file == environment.end()) return false;
    auto text = read_secret_file(file->second);
    if (text)
      reading.apply(setting, *text, file->first);
    else
      reading.complain(setting.key(),
                       setting.key() + " (" + file->first + "): " + text.error().detail);
    return true;
  }
};

}  // namespace

std::string environment_name(std::string_view key) {
  std::string name(kPrefix);
  for (const char c : key) {
    if (c == '.')
      name += "__";
    else
      name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return name;
}

void Loader::add(std::unique_ptr<Setting> setting) {
  const auto [_, is_new] = by_key_.emplace(setting->key(), setting.get());
  if (!is_new) throw std::logic_error("setting " + setting->key() + " is bound twice");
  settings_.push_back(std::move(setting));
}

std::vector<std::string> Loader::keys() const {
  std::vector<std::string> all;
  for (const auto& setting : settings_) all.push_back(setting->key());
  return all;
}

Result<void> Loader::read_all(const LoadSources& sources) {
  for (const auto& setting : settings_) setting->begin();
  Reading reading(settings_);
  if (sources.yaml) {
    std::vector<std::string> maps;
    for (const auto& setting : settings_)
      if (setting->kind() == "map of text") maps.push_back(setting->key());
    auto file = read_yaml(*sources.yaml, maps);
    if (!file && file.error().fields.empty()) return file.error();
    if (!file) {
      for (const auto& issue : file.error().fields) reading.complain("", issue.message);
    } else {
      for (const auto& [key, placed] : *file) {
        const std::string source = "line " + std::to_string(placed.line);
        const auto known = by_key_.find(key);
        if (known != by_key_.end()) {
          reading.apply(*known->second, placed.value, source);
          continue;
        }
        // `kafka:` with nothing under it says nothing.
        const auto* text = std::get_if<std::string>(&placed.value);
        const auto below = by_key_.lower_bound(key + ".");
        const bool is_section = below != by_key_.end() && below->first.starts_with(key + ".");
        if (!(is_section && text && text->empty())) reading.unknown(key, source);
      }
    }
  }
  EnvironmentReader environment{reading, sources.environment, {}, {}};
  for (const auto& setting : settings_) {
    environment.own_names.insert(environment_name(setting->key()));
    environment.own_names.emplace(setting->attributes().env);
  }
  for (const auto& setting : settings_) {
    const std::string fixed(setting->attributes().env);
    const std::string derived = environment_name(setting->key());
    if (!fixed.empty() && environment.take(*setting, fixed))
      environment.used.insert(derived);  // the fixed name wins
    else
      environment.take(*setting, derived);
  }
  for (const auto& [name, _] : sources.environment) {
    const bool is_ours =
        name.starts_with(kPrefix) && name.find("__", kPrefix.size()) != std::string::npos;
    const bool is_used = environment.used.contains(name);
    if (is_ours && !is_used) reading.complain(name, name + ": no key has this name");
  }
  for (const auto& [key, text] : sources.flags) {
    const auto known = by_key_.find(key);
    if (known == by_key_.end())
      reading.unknown(key, "--" + key);
    else
      reading.apply(*known->second, text, "--" + key);
  }
  return std::move(reading).verdict();
}

Result<void> Loader::load(const LoadSources& sources) {
  auto outcome = read_all(sources);
  if (!outcome) return outcome;
  for (const auto& setting : settings_) setting->commit();
  return outcome;
}

Result<ReloadReport> Loader::reload(const LoadSources& sources) {
  const auto outcome = read_all(sources);
  if (!outcome) return outcome.error();
  ReloadReport report;
  for (const auto& setting : settings_) {
    if (!setting->is_changed()) continue;
    if (setting->attributes().reloadable) {
      setting->commit();
      report.applied.push_back(setting->key());
    } else {
      report.needs_restart.push_back(setting->key());
    }
  }
  return report;
}

}  // namespace loquat::config
