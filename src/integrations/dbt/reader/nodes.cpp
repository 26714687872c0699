#include <algorithm>
#include <charconv>
#include <unordered_map>

#include "loquat/base/time_format.hpp"
#include "parts.hpp"

namespace loquat::dbt {
namespace {

using namespace contracts;

Relation relation_of_node(const Place& node) {
  Relation out{node.text("database"), node.text("schema"), node.text("alias"),
               node.text("relation_name")};
  if (out.name.empty()) out.name = node.text("identifier");
  if (out.name.empty()) out.name = node.text("name");
  if (!out.rendered.empty()) out.rendered = rendered_relation(out, std::move(out.rendered));
  return out;
}

ModelNode read_node(const Place& place) {
  ModelNode out;
  out.unique_id = place.text("unique_id");
  out.name = place.text("name");
  out.resource_type = place.text("resource_type");
  out.materialized = place.at("config").text("materialized");
  out.description = place.text("description");
  out.group = read_group(place);
  out.relation = relation_of_node(place);
  out.tags = read_tags(place);
  out.depends_on = place.at("depends_on").texts("nodes");
  out.meta = read_meta(place);
  for (const Place& one : place.each("columns"))
    out.columns.push_back({one.text("name"), one.text("description"), one.text("data_type"),
                           read_tags(one), read_meta(one)});
  return out;
}

/// A test as it was met, before the node that it belongs to is known.
struct MetTest {
  std::string owner;
  DataTest test;
};

MetTest read_test(const Place& place) {
  const Place about = place.at("test_metadata");
  MetTest out;
  DataTest& test = out.test;
  test.unique_id = place.text("unique_id");
  test.column = place.text("column_name");
  test.kind = about.text("name");
  const Place arguments = about.at("kwargs");
  if (test.column.empty() && arguments.is_object()) test.column = arguments.text("column_name");
  constexpr std::string_view known[] = {"unique", "not_null", "relationships", "accepted_values"};
  if (std::ranges::find(known, test.kind) == std::end(known)) test.kind = "other";
  if (test.kind == "accepted_values") {
    const Place nested = arguments.at("arguments");
    const Place& owner = nested.has("values") ? nested : arguments;
    for (const Place& value : owner.each("values"))
      test.accepted_values.push_back(value.is_string() ? std::string(value.json().text())
                                                       : value.json().dump());
  }
  out.owner = place.text("attached_node");
  if (out.owner.empty())
    for (const std::string& id : place.at("depends_on").texts("nodes"))
      if (out.owner.empty()) out.owner = id;
  return out;
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
  std::unordered_map<std::string, const std::string*> by_relation;
  for (const auto& [id, node] : out.nodes)
    if (!node.relation.rendered.empty()) by_relation.emplace(lower(node.relation.rendered), &id);
  for (SemanticModel& model : out.semantic_models)
    if (const auto found = by_relation.find(lower(model.relation.rendered));
        found != by_relation.end())
      model.model_unique_id = *found->second;
}

std::optional<TimeSpine> read_spine_of_node(const Place& node) {
  const Place about = node.at("time_spine");
  if (!about.is_object()) return std::nullopt;
  TimeSpine spine;
  spine.relation = relation_of_node(node);
  spine.column = about.text("standard_granularity_column");
  if (const auto grain = read_enum<Grain>(node.at("columns").at(spine.column), "granularity"))
    spine.grain = *grain;
  for (const Place& custom : about.each("custom_granularities")) {
    std::string column = custom.text("column_name");
    if (column.empty()) column = custom.text("name");
    spine.custom_granularities.push_back({custom.text("name"), std::move(column)});
  }
  if (spine.column.empty()) return std::nullopt;
  return spine;
}

/// What is met on the way through the nodes and needs all of them.
struct Met {
  std::vector<MetTest> tests;
  std::vector<TimeSpine> spines;
};

void read_one_node(const Place& one, ProjectModel& out, Met& met) {
  if (!one.is_object()) {
    one.report("expected an object; left out");
    return;
  }
  const std::string kind = one.text("resource_type");
  if (kind == "test") {
    met.tests.push_back(read_test(one));
    return;
  }
  if (kind != "model" && kind != "seed" && kind != "snapshot" && kind != "source") return;
  if (!is_enabled(one)) return;
  ModelNode node = read_node(one);
  if (node.unique_id.empty()) {
    one.report("a node without a unique_id is left out");
    return;
  }
  if (auto spine = read_spine_of_node(one)) met.spines.push_back(std::move(*spine));
  if (const auto owner = out.group_owners.find(node.group); owner != out.group_owners.end())
    node.owner = owner->second;
  out.nodes.insert_or_assign(node.unique_id, std::move(node));
}

std::optional<std::int64_t> whole_number(const Place& place) {
  const Json& value = place.json();
  double number = -1;
  if (value.is_number()) {
    number = value.number();
  } else if (place.is_string()) {
    const std::string_view text = value.text();
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  }
  if (!(number >= 0 && number < 9e18)) return std::nullopt;
  return static_cast<std::int64_t>(number);
}

/// The database's columns, in its order, each with what the manifest says of it; then those that
/// only the manifest knows.
std::vector<ColumnNode> joined_columns(const Place& catalog_columns,
                                       std::vector<ColumnNode> documented) {
  std::vector<std::pair<std::int64_t, ColumnNode>> found;
  for (const Place& column : catalog_columns.each()) {
    const std::string name = column.text("name");
    if (name.empty()) continue;
    ColumnNode made;
    made.name = name;
    const auto known = std::ranges::find_if(
        documented, [&](const ColumnNode& one) { return lower(one.name) == lower(name); });
    if (known != documented.end()) {
      made = std::move(*known);
      documented.erase(known);
    }
    if (std::string type = column.text("type"); !type.empty()) made.data_type = std::move(type);
    if (made.description.empty()) made.description = column.text("comment");
    const auto place = column.integer("index");
    found.emplace_back(place.value_or(static_cast<std::int64_t>(found.size())), std::move(made));
  }
  std::ranges::stable_sort(found, {}, &std::pair<std::int64_t, ColumnNode>::first);
  std::vector<ColumnNode> out;
  for (auto& [_, column] : found) out.push_back(std::move(column));
  for (ColumnNode& column : documented) out.push_back(std::move(column));
  return out;
}

void read_catalog_node(const Place& one, ProjectModel& out) {
  const auto node = out.nodes.find(one.text("unique_id"));
  if (node == out.nodes.end()) return;
  node->second.columns = joined_columns(one.at("columns"), std::move(node->second.columns));
  for (const Place& stat : one.each("stats")) {
    const std::string id = stat.is_object() ? stat.text("id") : std::string();
    // Each adapter has its own name for it: Snowflake, BigQuery, Redshift and Spark.
    if (id == "row_count" || id == "num_rows" || id == "rows")
      if (const auto rows = whole_number(stat.at("value"))) node->second.row_count = rows;
  }
}

}  // namespace

void read_nodes(const Document& manifest, ProjectModel& out) {
  manifest.each("groups", [&](const Place& one) {
    out.group_owners[one.text("name")] = owner_name(one.at("owner"));
  });
  Met met;
  for (const auto* part : {"nodes", "sources"})
    manifest.each(part, [&](const Place& one) { read_one_node(one, out, met); });
  for (MetTest& one : met.tests)
    if (const auto node = out.nodes.find(one.owner); node != out.nodes.end())
      node->second.tests.push_back(std::move(one.test));
  if (out.time_spines.empty()) out.time_spines = std::move(met.spines);
  manifest.each("exposures", [&](const Place& one) { read_exposure(one, out); });
  link_models(out);
}

void read_catalog(const Document& catalog, ProjectModel& out) {
  for (const auto* part : {"nodes", "sources"})
    catalog.each(part, [&](const Place& one) { read_catalog_node(one, out); });
}

void read_run_results(const Document& run_results, ProjectModel& out) {
  std::unordered_map<std::string, TestState> states;
  run_results.each("results", [&](const Place& one) {
    const std::string status = one.text("status");
    const auto state = status == "pass"                        ? TestState::passed
                       : status == "warn"                      ? TestState::warned
                       : status == "fail" || status == "error" ? TestState::failed
                                                               : TestState::unknown;
    states.insert_or_assign(one.text("unique_id"), state);
  });
  for (auto& [_, node] : out.nodes)
    for (DataTest& test : node.tests)
      if (const auto found = states.find(test.unique_id); found != states.end())
        test.state = found->second;
}

void read_sources(const Document& sources, ProjectModel& out) {
  sources.each("results", [&](const Place& one) {
    const auto node = out.nodes.find(one.text("unique_id"));
    if (node == out.nodes.end()) return;
    node->second.freshness_state = one.text("status");
    if (const std::string loaded = one.text("max_loaded_at"); !loaded.empty())
      node->second.max_loaded_at = parse_rfc3339(loaded);
  });
}

}  // namespace loquat::dbt
