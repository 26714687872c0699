#include "yaml_reader.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace loquat::config {
namespace {

std::string at_line(const YAML::Mark& mark) { return "line " + std::to_string(mark.line + 1); }

struct Walk {
  const std::vector<std::string>& maps;
  YamlKeys keys;
  std::vector<FieldIssue> issues;

  void complain(const std::string& key, const YAML::Mark& mark, const std::string& what) {
    issues.push_back({"/" + key, key + " (" + at_line(mark) + ") " + what});
  }
  static std::string scalar(const YAML::Node& node) {
    return node.IsNull() ? std::string() : node.Scalar();
  }
  void list(const std::string& key, const YAML::Node& node) {
    std::vector<std::string> items;
    for (const auto& item : node) {
      if (!item.IsScalar()) return complain(key, item.Mark(), "holds more than plain values");
      items.push_back(item.Scalar());
    }
    put(key, node, std::move(items));
  }
  void text_map(const std::string& key, const YAML::Node& node) {
    std::map<std::string, std::string, std::less<>> members;
    for (const auto& member : node) {
      if (!member.first.IsScalar() || !member.second.IsScalar())
        return complain(key, node.Mark(), "holds more than plain values");
      members[member.first.Scalar()] = member.second.Scalar();
    }
    put(key, node, std::move(members));
  }
  void put(const std::string& key, const YAML::Node& node, Value value) {
    const auto [_, is_new] = keys.insert({key, {std::move(value), node.Mark().line + 1}});
    if (!is_new) complain(key, node.Mark(), "stands there twice");
  }
  void visit(const std::string& key, const YAML::Node& node) {
    const bool is_whole = std::ranges::find(maps, key) != maps.end();
    if (node.IsMap() && is_whole) return text_map(key, node);
    if (node.IsSequence()) return list(key, node);
    if (!node.IsMap()) return put(key, node, scalar(node));
    for (const auto& member : node) {
      if (!member.first.IsScalar()) {
        complain(key, node.Mark(), "has a name that is no plain text");
        continue;
      }
      const auto& name = member.first.Scalar();
      visit(key.empty() ? name : key + "." + name, member.second);
    }
  }
};

}  // namespace

Result<YamlKeys> read_yaml(const std::filesystem::path& path,
                           const std::vector<std::string>& maps) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  if (!file || !(text << file.rdbuf()))
    return fail(Errc::io, "The settings file " + path.string() + " cannot be read.");
  try {
    const YAML::Node root = YAML::Load(text.str());
    Walk walk{maps, {}, {}};
    if (root.IsNull()) return std::move(walk.keys);
    if (!root.IsMap())
      return fail(Errc::invalid_request, path.string() + " is no map of settings.");
    walk.visit("", root);
    if (walk.issues.empty()) return std::move(walk.keys);
    Error error = fail(Errc::invalid_request, path.string() + " has a wrong shape.");
    error.fields = std::move(walk.issues);
    return error;
  } catch (const YAML::Exception& failed) {
    return fail(Errc::invalid_request,
                path.string() + ", " + at_line(failed.mark) + ": " + failed.msg);
  }
}

}  // namespace loquat::config
