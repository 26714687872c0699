#include <algorithm>

#include "../text.hpp"
#include "loquat/sql/lineage.hpp"

namespace loquat::sql {
namespace {

std::vector<std::string> split(std::string_view name) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= name.size();) {
    const std::size_t dot = std::min(name.find('.', at), name.size());
    parts.push_back(lower(name.substr(at, dot - at)));
    at = dot + 1;
  }
  return parts;
}

bool ends_with(const std::vector<std::string>& name, const std::vector<std::string>& parts) {
  return parts.size() <= name.size() && std::equal(parts.rbegin(), parts.rend(), name.rbegin());
}

}  // namespace

void Schema::add(std::string name, std::vector<std::string> columns) {
  for (std::string& column : columns) column = lower(column);
  std::string last = split(name).back();
  by_last_part_.emplace(std::move(last), Table{std::move(name), std::move(columns)});
}

const Schema::Table* Schema::find(const std::vector<std::string>& parts) const {
  if (parts.empty()) return nullptr;
  const auto [begin, end] = by_last_part_.equal_range(parts.back());
  for (auto at = begin; at != end; ++at)
    if (ends_with(split(at->second.name), parts)) return &at->second;
  for (auto at = begin; at != end; ++at)  // the schema may say less than the statement
    if (ends_with(parts, split(at->second.name))) return &at->second;
  return nullptr;
}

}  // namespace loquat::sql
