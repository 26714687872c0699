#include "open_lineage.hpp"

#include <map>
#include <set>
#include <tuple>

#include "loquat/base/time_format.hpp"
#include "loquat/wire/json.hpp"

namespace loquat::lineage {
namespace {

using wire::JsonWriter;

constexpr std::string_view kProducer = "urn:loquat:daemon";
constexpr std::string_view kEventSchema =
    "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent";
constexpr std::string_view kColumnSchema =
    "https://openlineage.io/spec/facets/1-2-0/ColumnLineageDatasetFacet.json"
    "#/$defs/ColumnLineageDatasetFacet";
constexpr std::string_view kSqlSchema =
    "https://openlineage.io/spec/facets/1-1-0/SQLJobFacet.json#/$defs/SQLJobFacet";

std::string_view event_type(wire::LineageStatus status) {
  switch (status) {
    case wire::LineageStatus::ok:
      return "COMPLETE";
    case wire::LineageStatus::failed:
      return "FAIL";
    case wire::LineageStatus::cancelled:
      return "ABORT";
  }
  return "OTHER";
}

void facet_head(JsonWriter& json, std::string_view schema) {
  json.key("_producer"), json.value(kProducer);
  json.key("_schemaURL"), json.value(schema);
}

using Field = std::pair<std::string, std::string>;
using Kinds = std::set<std::pair<std::string_view, std::string>>;

void write_inputs(JsonWriter& json, const std::map<Field, Kinds>& inputs,
                  std::string_view name_space) {
  json.begin_array();
  for (const auto& [field, kinds] : inputs) {
    json.begin_object();
    json.key("namespace"), json.value(name_space);
    json.key("name"), json.value(field.first);
    json.key("field"), json.value(field.second);
    json.key("transformations");
    json.begin_array();
    for (const auto& [type, subtype] : kinds) {
      json.begin_object();
      json.key("type"), json.value(type);
      json.key("subtype"), json.value(subtype);
      json.end_object();
    }
    json.end_array();
    json.end_object();
  }
  json.end_array();
}

bool is_of_rows(const std::string& subtype) {
  return subtype == "FILTER" || subtype == "JOIN" || subtype == "GROUP_BY" || subtype == "SORT";
}

/// What decides about rows is said once, in `dataset`; the fields say what each column is made of.
void write_columns(JsonWriter& json, const wire::LineageEvent& event, std::string_view name_space) {
  std::map<Field, Kinds> rows;
  json.key("fields");
  json.begin_object();
  std::set<std::string> named;
  for (const wire::LineageOutput& output : event.outputs) {
    std::map<Field, Kinds> inputs;
    for (const wire::LineageInput& input : output.inputs)
      (is_of_rows(input.subtype) ? rows : inputs)[{input.table, input.column}].emplace(
          name_of(input.type), input.subtype);
    if (!named.insert(output.column).second) continue;
    json.key(output.column);
    json.begin_object();
    json.key("inputFields");
    write_inputs(json, inputs, name_space);
    json.end_object();
  }
  json.end_object();
  json.key("dataset");
  write_inputs(json, rows, name_space);
}

void write_job(JsonWriter& json, const wire::LineageEvent& event, std::string_view name_space) {
  json.key("job");
  json.begin_object();
  json.key("namespace"), json.value(name_space);
  json.key("name"),
      json.value(event.query.fingerprint.empty() ? event.query_id : event.query.fingerprint);
  json.key("facets");
  json.begin_object();
  json.key("sql");
  json.begin_object();
  facet_head(json, kSqlSchema);
  json.key("query"), json.value(event.query.sql);
  json.key("dialect"), json.value(event.query.dialect);
  json.end_object();
  json.end_object();
  json.end_object();
}

}  // namespace

std::string uuid_of(std::string_view id) {
  if (id.size() < 36) return {};
  const std::string_view tail = id.substr(id.size() - 36);
  for (std::size_t i = 0; i < tail.size(); ++i) {
    const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
    const char c = tail[i];
    const bool is_hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (is_dash ? c != '-' : !is_hex) return {};
  }
  return std::string(tail);
}

std::string to_open_lineage(const wire::LineageEvent& event, std::string_view name_space,
                            std::string_view run_id) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.key("eventType"), json.value(event_type(event.status));
  json.key("eventTime"), json.value(format_rfc3339(event.timestamp));
  json.key("producer"), json.value(kProducer);
  json.key("schemaURL"), json.value(kEventSchema);
  json.key("run");
  json.begin_object();
  json.key("runId"), json.value(run_id);
  json.end_object();
  write_job(json, event, name_space);
  json.key("inputs");
  json.begin_array();
  for (const wire::LineageSource& source : event.sources) {
    json.begin_object();
    json.key("namespace"), json.value(name_space);
    json.key("name"), json.value(source.table);
    json.end_object();
  }
  json.end_array();
  json.key("outputs");
  json.begin_array();
  json.begin_object();
  json.key("namespace"), json.value(name_space);
  json.key("name"), json.value(event.query_id);
  json.key("facets");
  json.begin_object();
  json.key("columnLineage");
  json.begin_object();
  facet_head(json, kColumnSchema);
  write_columns(json, event, name_space);
  json.end_object();
  json.end_object();
  json.end_object();
  json.end_array();
  json.end_object();
  return out;
}

}  // namespace loquat::lineage
