#include "facts.hpp"

#include <algorithm>

namespace loquat::lineage {
namespace {

bool tells_of_people(const std::vector<std::string>& tags) {
  return std::ranges::any_of(tags, [](const std::string& tag) {
    const std::string word = lower(tag);
    return word == "pii" || word == "contains_pii" || word == "personal_data" ||
           word == "personal" || word == "gdpr";
  });
}

std::string last_part(std::string_view fqn) {
  const auto dot = fqn.rfind('.');
  return lower(dot == fqn.npos ? fqn : fqn.substr(dot + 1));
}

}  // namespace

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

std::string fqn_of(const contracts::Relation& relation) {
  std::string out;
  for (const std::string* part : {&relation.database, &relation.schema, &relation.name})
    if (!part->empty()) out += (out.empty() ? "" : ".") + *part;
  return out;
}

ProjectGraph::ProjectGraph(const contracts::ProjectModel& project) {
  const auto add = [this](const std::string& id, Node node) {
    const std::size_t index = nodes_.size();
    by_id_.emplace(lower(id), index);
    by_fqn_.emplace(lower(node.fqn), index);
    by_last_part_.emplace(last_part(node.fqn), index);
    nodes_.push_back(std::move(node));
  };
  for (const auto& [id, node] : project.nodes) {
    std::string fqn = fqn_of(node.relation);
    if (fqn.empty()) fqn = id;
    add(id, {std::move(fqn), node.name, node.resource_type, {}, {}});
  }
  for (const contracts::Exposure& exposure : project.exposures)
    add(exposure.unique_id, {exposure.unique_id, exposure.name, "exposure", {}, {}});
  for (const auto& [id, node] : project.nodes) link(by_id_.at(lower(id)), node.depends_on);
  for (const contracts::Exposure& exposure : project.exposures)
    link(by_id_.at(lower(exposure.unique_id)), exposure.depends_on);
}

void ProjectGraph::link(std::size_t to, const std::vector<std::string>& depends_on) {
  for (const std::string& id : depends_on) {
    const auto from = by_id_.find(lower(id));
    if (from == by_id_.end() || from->second == to) continue;
    nodes_[to].upstream.push_back(from->second);
    nodes_[from->second].downstream.push_back(to);
  }
}

std::optional<std::size_t> ProjectGraph::find(std::string_view name) const {
  const std::string wanted = lower(name);
  if (const auto at = by_fqn_.find(wanted); at != by_fqn_.end()) return at->second;
  if (const auto at = by_id_.find(wanted); at != by_id_.end()) return at->second;
  const auto [begin, end] = by_last_part_.equal_range(last_part(wanted));
  for (auto at = begin; at != end; ++at) {
    const std::string fqn = lower(nodes_[at->second].fqn);
    if (fqn.ends_with("." + wanted)) return at->second;
  }
  return std::nullopt;
}

ModelFacts::ModelFacts(const contracts::ProjectModel& project)
    : version(project.version), graph(project) {
  for (const auto& [id, node] : project.nodes) {
    if (node.columns.empty() || node.relation.name.empty()) continue;
    const std::string table = fqn_of(node.relation);
    std::vector<std::string> columns;
    for (const contracts::ColumnNode& column : node.columns) {
      columns.push_back(column.name);
      if (column.meta.personal_data.value_or(false) || tells_of_people(column.tags))
        personal.insert(table + "." + lower(column.name));
    }
    schema.add(table, std::move(columns));
  }
}

}  // namespace loquat::lineage
