#pragma once
#include <filesystem>
#include <map>
#include <string>

#include "loquat/base/result.hpp"
#include "loquat/config/value.hpp"

namespace loquat::config {

struct PlacedValue {
  Value value;
  int line = 0;
};
/// What a YAML file says, by whole key (`engine.duckdb.path`). `maps` names keys whose member is a
/// map of texts, which are not descended into.
using YamlKeys = std::map<std::string, PlacedValue, std::less<>>;
/// Errors: io (cannot be read), invalid_request (no YAML, or not a map; with the line).
[[nodiscard]] Result<YamlKeys> read_yaml(const std::filesystem::path& path,
                                         const std::vector<std::string>& maps);

}  // namespace loquat::config
