#include <algorithm>

#include "loquat/config/config.hpp"

namespace loquat::config {
namespace {

std::vector<std::string> levels(const std::string& key) {
  std::vector<std::string> parts;
  std::size_t from = 0;
  for (auto at = key.find('.'); at != std::string::npos; at = key.find('.', from)) {
    parts.push_back(key.substr(from, at - from));
    from = at + 1;
  }
  parts.push_back(key.substr(from));
  return parts;
}

/// Writes keys as nested YAML; a level is opened when the first of its keys comes.
class Nesting {
 public:
  explicit Nesting(std::string& out) : out_(out) {}
  /// Opens what `key` needs; gives its own last part and sets `indent`.
  std::string enter(const std::string& key) {
    auto parts = levels(key);
    std::string last = std::move(parts.back());
    parts.pop_back();
    std::size_t same = 0;
    while (same < parts.size() && same < open_.size() && parts[same] == open_[same]) ++same;
    for (std::size_t i = same; i < parts.size(); ++i) {
      if (i == 0 && !out_.empty()) out_ += '\n';
      out_ += std::string(2 * i, ' ') + parts[i] + ":\n";
    }
    open_ = std::move(parts);
    return last;
  }
  [[nodiscard]] std::string indent() const { return std::string(2 * open_.size(), ' '); }

 private:
  std::string& out_;
  std::vector<std::string> open_;
};

/// Keys of one level stand together: YAML allows a map's name only once.
std::vector<const Setting*> in_order(const std::vector<std::unique_ptr<Setting>>& settings) {
  struct Placed {
    std::vector<std::size_t> place;
    const Setting* setting;
  };
  std::map<std::string, std::size_t> first_seen;
  std::vector<Placed> all;
  for (const auto& setting : settings) {
    Placed one{{}, setting.get()};
    const auto parts = levels(setting->key());
    std::string prefix;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      prefix += "." + parts[i];
      const auto seen = first_seen.emplace(prefix, first_seen.size()).first->second;
      // Plain keys of a level come before its sub-levels.
      one.place.push_back(i + 1 == parts.size() ? seen : seen + 1'000'000);
    }
    all.push_back(std::move(one));
  }
  std::ranges::stable_sort(all, {}, &Placed::place);
  std::vector<const Setting*> ordered;
  for (const auto& one : all) ordered.push_back(one.setting);
  return ordered;
}

std::string bounds_of(const Setting& setting) {
  const auto& attributes = setting.attributes();
  const bool is_duration = setting.kind().starts_with("duration");
  const auto show = [&](double value) {
    if (!is_duration) return show_number(value);
    return show_duration(std::chrono::nanoseconds(static_cast<std::int64_t>(value * 1e6)));
  };
  std::string text;
  if (attributes.min && attributes.max)
    text = ", " + show(*attributes.min) + " to " + show(*attributes.max);
  else if (attributes.min)
    text = ", at least " + show(*attributes.min);
  else if (attributes.max)
    text = ", at most " + show(*attributes.max);
  if (!attributes.unit.empty()) text += " " + std::string(attributes.unit);
  if (!attributes.one_of.empty()) {
    text += ", one of";
    for (const auto& one : attributes.one_of) text += one.empty() ? " ''" : " " + std::string(one);
  }
  return text;
}

/// A URL may hold a password (`user:secret@`) or a key (`?sig=secret`): neither is printed.
std::string without_url_secrets(std::string text) {
  constexpr std::string_view kRedacted = "[redacted]";
  constexpr std::string_view kEnd = " \t\"',]}";
  for (auto at = text.find("://"); at != text.npos; at = text.find("://", at + 3)) {
    const auto host = at + 3;
    auto end = std::min(text.find_first_of(kEnd, host), text.size());
    const auto path = std::min(text.find_first_of("/?#", host), end);
    const auto mark = path > host ? text.rfind('@', path - 1) : text.npos;
    if (mark != text.npos && mark >= host) {
      text.replace(host, mark - host, kRedacted);
      end = std::min(text.find_first_of(kEnd, host + kRedacted.size()), text.size());
    }
    auto value = text.find('?', host);
    while (value < end && (value = text.find('=', value)) < end) {
      const auto stop = std::min(text.find_first_of("&#", value), end);
      text.replace(value + 1, stop - value - 1, kRedacted);
      end += kRedacted.size() - (stop - value - 1);
      value += 1 + kRedacted.size();
    }
  }
  return text;
}

void comment(std::string& out, const std::string& indent, const std::string& text) {
  constexpr std::size_t kWidth = 100;
  std::string line = indent + "#";
  std::size_t from = 0;
  while (from < text.size()) {
    const auto end = std::min(text.find(' ', from), text.size());
    const auto word = text.substr(from, end - from);
    if (line.size() + 1 + word.size() > kWidth && line.size() > indent.size() + 1) {
      out += line + "\n";
      line = indent + "#";
    }
    line += " " + word;
    from = end + 1;
  }
  out += line + "\n";
}

}  // namespace

std::string Loader::print() const {
  std::string out;
  Nesting nesting(out);
  for (const auto* setting : in_order(settings_)) {
    const auto name = nesting.enter(setting->key());
    out += nesting.indent() + name + ": " + without_url_secrets(setting->show()) + "\n";
  }
  return out;
}

std::string Loader::render_reference() const {
  std::string out =
      "# Every key with its default. Printed by `loquat --print-reference`: do not edit.\n"
      "# Order: default < this file < environment < flag (--KEY=VALUE).\n\n";
  Nesting nesting(out);
  for (const auto* setting : in_order(settings_)) {
    const auto name = nesting.enter(setting->key());
    const auto& attributes = setting->attributes();
    comment(out, nesting.indent(), std::string(setting->text()));
    std::string kind = setting->kind() + bounds_of(*setting);
    kind[0] = static_cast<char>(kind[0] >= 'a' && kind[0] <= 'z' ? kind[0] - 'a' + 'A' : kind[0]);
    std::string line = kind + ". Environment: ";
    line += attributes.env.empty() ? environment_name(setting->key()) : std::string(attributes.env);
    if (setting->is_secret()) line += " (or its file: the same with _FILE)";
    line += attributes.reloadable ? ". Taken over by SIGHUP." : ".";
    comment(out, nesting.indent(), line);
    out += nesting.indent() + name + ": " + setting->show_default() + "\n";
  }
  return out;
}

}  // namespace loquat::config
