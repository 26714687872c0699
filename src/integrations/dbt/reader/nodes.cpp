#include <algorithm>
#include <cctype>
#include <map>

#include "loquat/base/time_format.hpp"
#include "parts.hpp"

namespace loquat::dbt {
namespace {

using namespace contracts;

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

Relation relation_of_node(const Place& node) {
  Relation out{node.text("database"), node.text("schema"), node.text("alias"),
               node.text("relation_name")};
  if (out.name.empty()) out.name = node.text("identifier");
  if (out.name.empty()) out.name = node.text("name");
  return out;
}

ModelNode read_node(const Place& place) {
  ModelNode out;
  out.unique_id = place.text("unique_id");
  out.name = place.text("name");
  out.resource_type = place.text("resource_type");
  out.materialized = place.at("config").text("materialized");
  out.description = place.text("description");
  out.group = place.text("group");
  out.relation = relation_of_node(place);
  out.tags = place.texts("tags");
  out.depends_on = place.at("depends_on").texts("nodes");
  out.meta = read_meta(place);
  for (const Place& one : place.each("columns"))
    out.columns.push_back({one.text("name"), one.text("description"), one.text("data_type"),
                           one.texts("tags"), read_meta(one)});
  return out;
}

void attach_test(const Place& place, ProjectModel& out) {
  const Place about = place.at("test_metadata");
  DataTest test;
  test.unique_id = place.text("unique_id");
  test.column = place.text("column_name");
  test.kind = about.text("name");
  constexpr std::string_view known[] = {"unique", "not_null", "relationships", "accepted_values"};
  if (std::ranges::find(known, test.kind) == std::end(known)) test.kind = "other";
  if (test.kind == "accepted_values")
    for (const Place& value : about.at("kwargs").each("values"))
      test.accepted_values.push_back(value.is_string() ? value.json().get<std::string>()
                                                       : value.json().dump());
  std::string owner = place.text("attached_node");
  if (owner.empty())
    for (const std::string& id : place.at("depends_on").texts("nodes"))
      if (owner.empty()) owner = id;
  if (const auto node = out.nodes.find(owner); node != out.nodes.end())
    node->second.tests.push_back(std::move(test));
}

std::string owner_name(const Place& owner) {
  if (std::string name = owner.text("name"); !name.empty()) return name;
  const auto emails = owner.texts("email");
  return emails.empty() ? std::string() : emails.front();
}

void read_exposure(const Place& place, ProjectModel& out) {
  out.exposures.push_back({place.text("unique_id"), place.text("name"), place.text("type"),
                           place.text("url"), owner_name(place.at("owner")),
                           place.at("depends_on").texts("nodes")});
}

/// Which node stands behind each semantic model: by its relation.
void link_models(ProjectModel& out) {
  std::map<std::string, std::string> by_relation;
  for (const auto& [id, node] : out.nodes)
    if (!node.relation.rendered.empty()) by_relation.emplace(lower(node.relation.rendered), id);
  for (SemanticModel& model : out.semantic_models)
    if (const auto found = by_relation.find(lower(model.relation.rendered));
        found != by_relation.end())
      model.model_unique_id = found->second;
}

}  // namespace

void read_nodes(const Place& manifest, ProjectModel& out) {
  std::vector<Place> tests;
  for (const Place& one : manifest.each("groups"))
    out.group_owners[one.text("name")] = owner_name(one.at("owner"));
  for (const auto* part : {"nodes", "sources"})
    for (const Place& one : manifest.each(part)) {
      if (!one.is_object()) {
        one.report("expected an object; left out");
        continue;
      }
      const std::string kind = one.text("resource_type");
      if (kind == "test") {
        tests.push_back(one);
      } else if (kind == "model" || kind == "seed" || kind == "snapshot" || kind == "source") {
        ModelNode node = read_node(one);
        if (const auto owner = out.group_owners.find(node.group); owner != out.group_owners.end())
          node.owner = owner->second;
        if (node.unique_id.empty())
          one.report("a node without a unique_id is left out");
        else
          out.nodes.insert_or_assign(node.unique_id, std::move(node));
      }
    }
  for (const Place& one : tests) attach_test(one, out);
  for (const Place& one : manifest.each("exposures")) read_exposure(one, out);
  link_models(out);
}

void read_spines_of_nodes(const Place& manifest, ProjectModel& out) {
  for (const Place& one : manifest.each("nodes")) {
    const Place about = one.at("time_spine");
    if (!about.is_object()) continue;
    TimeSpine spine;
    spine.relation = relation_of_node(one);
    spine.column = about.text("standard_granularity_column");
    if (const auto grain = read_enum<Grain>(one.at("columns").at(spine.column), "granularity"))
      spine.grain = *grain;
    for (const Place& custom : about.each("custom_granularities")) {
      std::string column = custom.text("column_name");
      if (column.empty()) column = custom.text("name");
      spine.custom_granularities.push_back({custom.text("name"), std::move(column)});
    }
    if (!spine.column.empty()) out.time_spines.push_back(std::move(spine));
  }
}

void read_catalog(const Place& catalog, ProjectModel& out) {
  for (const auto* part : {"nodes", "sources"})
    for (const Place& one : catalog.each(part)) {
      const auto node = out.nodes.find(one.text("unique_id"));
      if (node == out.nodes.end()) continue;
      std::map<std::int64_t, ColumnNode> in_order;
      for (const Place& column : one.each("columns")) {
        const std::string name = column.text("name");
        ColumnNode made;
        for (const ColumnNode& known : node->second.columns)
          if (lower(known.name) == lower(name)) made = known;
        made.name = name;
        made.data_type = column.text("type");
        if (made.description.empty()) made.description = column.text("comment");
        const auto place = column.integer("index");
        in_order.insert_or_assign(place.value_or(static_cast<std::int64_t>(in_order.size()) + 1),
                                  std::move(made));
      }
      if (!in_order.empty()) node->second.columns.clear();
      for (auto& [_, column] : in_order) node->second.columns.push_back(std::move(column));
      for (const Place& stat : one.each("stats"))
        if (stat.is_object() && stat.text("id") == "row_count" &&
            stat.at("value").json().is_number())
          node->second.row_count = static_cast<std::int64_t>(*stat.number("value"));
    }
}

void read_run_results(const Place& run_results, ProjectModel& out) {
  std::map<std::string, TestState> states;
  for (const Place& one : run_results.each("results")) {
    const std::string status = one.text("status");
    const auto state = status == "pass"                        ? TestState::passed
                       : status == "warn"                      ? TestState::warned
                       : status == "fail" || status == "error" ? TestState::failed
                                                               : TestState::unknown;
    states.insert_or_assign(one.text("unique_id"), state);
  }
  for (auto& [_, node] : out.nodes)
    for (DataTest& test : node.tests)
      if (const auto found = states.find(test.unique_id); found != states.end())
        test.state = found->second;
}

void read_sources(const Place& sources, ProjectModel& out) {
  for (const Place& one : sources.each("results")) {
    const auto node = out.nodes.find(one.text("unique_id"));
    if (node == out.nodes.end()) continue;
    node->second.freshness_state = one.text("status");
    if (const std::string loaded = one.text("max_loaded_at"); !loaded.empty())
      node->second.max_loaded_at = parse_rfc3339(loaded);
  }
}

}  // namespace loquat::dbt
