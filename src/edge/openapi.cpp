#include "openapi.hpp"

#include <algorithm>
#include <map>

namespace loquat::edge {
namespace {

using Members = std::map<std::string, const RouteSpec*>;

std::string lower(std::string_view text) {
  std::string out(text);
  for (auto& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

void member(wire::JsonWriter& out, std::string_view key, std::string_view text) {
  out.key(key);
  out.value(text);
}

void write_parameter(wire::JsonWriter& out, std::string_view name, std::string_view place,
                     std::string_view text, bool required, std::string_view schema) {
  out.begin_object();
  member(out, "name", name);
  member(out, "in", place);
  if (!text.empty()) member(out, "description", text);
  out.key("required");
  out.value(required);
  out.key("schema");
  out.raw(schema);
  out.end_object();
}

void write_parameters(wire::JsonWriter& out, const RouteSpec& spec) {
  constexpr std::string_view kKey = R"({"type":"string","pattern":"^[!-~]{0,255}$"})";
  // Anything that can be decoded, and NUL cannot.
  constexpr std::string_view kQueryText = R"({"type":"string","pattern":"^[^\\u0000]*$"})";
  constexpr std::string_view kText =
      R"({"type":"string","minLength":1,"pattern":"^[^\\u0000/]+$"})";
  out.key("parameters");
  out.begin_array();
  for (std::size_t at = spec.pattern.find('{'); at != std::string::npos;
       at = spec.pattern.find('{', at + 1)) {
    const auto end = spec.pattern.find('}', at);
    write_parameter(out, spec.pattern.substr(at + 1, end - at - 1), "path", "", true, kText);
  }
  for (const auto& p : spec.query)
    write_parameter(out, p.name, "query", p.text, p.required,
                    p.schema == Parameter{}.schema ? kQueryText : std::string_view(p.schema));
  if (spec.idempotent)
    write_parameter(out, "X-Idempotency-Key", "header", "One effect per key, for 24 hours.", false,
                    kKey);
  out.end_array();
}

void write_media(wire::JsonWriter& out, std::string_view type, std::string_view schema) {
  out.key(type);
  out.begin_object();
  out.key("schema");
  out.raw(schema);
  out.end_object();
}

void write_content(wire::JsonWriter& out, std::string_view type, std::string_view schema,
                   std::string_view line_schema = {}) {
  out.key("content");
  out.begin_object();
  write_media(out, type, schema);
  if (!line_schema.empty()) write_media(out, "application/x-ndjson", line_schema);
  out.end_object();
}

void write_responses(wire::JsonWriter& out, const RouteSpec& spec) {
  const bool is_json = spec.content_type == "application/json";
  std::string schema = "{}";
  if (is_json && spec.right != security::Right::open)
    schema =
        R"({"allOf":[{"$ref":"#/components/schemas/Envelope"},{"type":"object","properties":{"data":)" +
        (spec.response_schema.empty() ? std::string("{}") : spec.response_schema) + "}}]}";
  else if (!spec.response_schema.empty())
    schema = spec.response_schema;
  out.key("responses");
  out.begin_object();
  out.key(std::to_string(spec.success));
  out.begin_object();
  member(out, "description", "Done.");
  write_content(out, spec.content_type, schema, spec.line_schema);
  out.end_object();
  out.key("default");
  out.begin_object();
  member(out, "description", "An error; the code says which.");
  write_content(out, "application/json", R"({"$ref":"#/components/schemas/Envelope"})");
  out.end_object();
  out.end_object();
}

bool needs_body(std::string_view schema) {
  const auto node = wire::parse_json(schema);
  const auto* required = node ? node->find("required") : nullptr;
  return required != nullptr && !required->items.empty();
}

wire::JsonNode text_node(std::string text) {
  wire::JsonNode node;
  node.kind = wire::JsonNode::Kind::string;
  node.string = std::move(text);
  return node;
}

/// A member that may be left out may also be null: so the decoder takes it.
void allow_null(wire::JsonNode& schema) {
  using Kind = wire::JsonNode::Kind;
  for (auto& [key, value] : schema.members) {
    if (key == "type" && value.kind == Kind::string) {
      wire::JsonNode types;
      types.kind = Kind::array;
      types.items = {value, text_node("null")};
      value = std::move(types);
    } else if (key == "enum") {
      value.items.emplace_back();
    }
  }
}

void allow_nulls(wire::JsonNode& schema) {
  const auto* required = schema.find("required");
  std::vector<std::string> needed;
  if (required != nullptr)
    for (const auto& name : required->items) needed.push_back(name.string);
  for (auto& [key, value] : schema.members) {
    if (key == "items") allow_nulls(value);
    if (key != "properties") continue;
    for (auto& [name, property] : value.members) {
      allow_nulls(property);
      if (std::ranges::find(needed, name) == needed.end()) allow_null(property);
    }
  }
}

std::string for_requests(std::string_view schema) {
  auto node = wire::parse_json(schema);
  if (!node) return std::string(schema);
  allow_nulls(*node);
  return node->dump();
}

void write_operation(wire::JsonWriter& out, const RouteSpec& spec) {
  out.begin_object();
  member(out, "operationId", spec.action);
  member(out, "summary", spec.summary);
  const auto tag = spec.action.substr(0, spec.action.find('.'));
  out.key("tags");
  out.begin_array();
  out.value(tag);
  out.end_array();
  write_parameters(out, spec);
  if (!spec.request_schema.empty()) {
    out.key("requestBody");
    out.begin_object();
    out.key("required");
    out.value(needs_body(spec.request_schema));
    write_content(out, "application/json", for_requests(spec.request_schema));
    out.end_object();
  }
  write_responses(out, spec);
  out.key("security");
  out.raw(spec.right == security::Right::open ? "[]" : R"([{"bearer":[]}])");
  if (spec.right != security::Right::open)
    member(out, "x-least-role", security::least_role(spec.right));
  out.end_object();
}

constexpr std::string_view kComponents =
    R"({"securitySchemes":{"bearer":{"type":"http","scheme":"bearer","bearerFormat":"JWT"}},)"
    R"("schemas":{"Problem":{"type":"object","required":["code","message"],"properties":{)"
    R"("code":{"type":"string"},"message":{"type":"string"},"field":{"type":"string"}}},)"
    R"("Envelope":{"type":"object","required":["success","data","errors","warnings","degraded",)"
    R"("execution_time_ms","request_id"],"properties":{"success":{"type":"boolean"},"data":{},)"
    R"("errors":{"type":"array","items":{"$ref":"#/components/schemas/Problem"}},)"
    R"("warnings":{"type":"array","items":{"$ref":"#/components/schemas/Problem"}},)"
    R"("degraded":{"type":"array","items":{"type":"string"}},)"
    R"("execution_time_ms":{"type":"number"},"request_id":{"type":"string"}}}}})";

}  // namespace

std::string openapi_document(const std::vector<RouteSpec>& specs, std::string_view version) {
  std::map<std::string, Members> paths;
  for (const auto& spec : specs) paths[spec.pattern][lower(name_of(spec.method))] = &spec;
  std::string text;
  wire::JsonWriter out(text);
  out.begin_object();
  member(out, "openapi", "3.1.0");
  out.key("info");
  out.begin_object();
  member(out, "title", "Loquat");
  member(out, "version", version);
  member(out, "description", "Questions in words, governed answers, one log per session.");
  out.end_object();
  out.key("paths");
  out.begin_object();
  for (const auto& [path, members] : paths) {
    out.key(path);
    out.begin_object();
    for (const auto& [method, spec] : members) {
      out.key(method);
      write_operation(out, *spec);
    }
    out.end_object();
  }
  out.end_object();
  out.key("components");
  out.raw(kComponents);
  out.end_object();
  return text;
}

}  // namespace loquat::edge
