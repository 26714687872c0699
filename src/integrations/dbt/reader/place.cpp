#include "place.hpp"

#include <algorithm>
#include <cctype>

namespace loquat::dbt {
namespace {

const Json kNull{};

bool names_personal_data(std::string tag) {
  std::ranges::transform(tag, tag.begin(), [](unsigned char c) {
    return c == '-' ? '_' : static_cast<char>(std::tolower(c));
  });
  return tag == "pii" || tag == "contains_pii" || tag == "personal_data" || tag == "gdpr";
}

void read_personal_data(const Place& owner, const Place& meta, contracts::Meta& out) {
  for (const auto* key : {"pii", "contains_pii", "personal_data"})
    if (meta.is_object() && meta.at(key).json().is_boolean()) out.personal_data = meta.flag(key);
  for (const auto& tags : {owner.texts("tags"), owner.at("config").texts("tags")})
    if (!out.personal_data && std::ranges::any_of(tags, names_personal_data))
      out.personal_data = true;
}

/// `part` as a quoted identifier.
std::string as_identifier(std::string_view part) {
  std::string out = "\"";
  for (const char c : part) {
    out += c;
    if (c == '"') out += c;
  }
  return out + '"';
}

}  // namespace

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string escaped_pointer(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else
      out += c;
  }
  return out;
}

Place::Place(const Place& from, const Json& value, Step step)
    : value_(&value), artifact_(from.artifact_), base_(from.base_), problems_(from.problems_) {
  depth_ = from.depth_;
  std::copy_n(from.steps_.begin(), depth_, steps_.begin());
  if (depth_ < kStepsMax) steps_[depth_++] = step;
}

std::string Place::pointer() const {
  std::string out = *base_;
  for (std::size_t i = 0; i < depth_; ++i) {
    const Step& step = steps_[i];
    out += "/" +
           (step.name.data() == nullptr ? std::to_string(step.number) : escaped_pointer(step.name));
  }
  return out;
}

const Json* Place::member(std::string_view key) const { return value_->find(key); }

Place Place::at(std::string_view key) const {
  const Json* found = member(key);
  return Place(*this, found ? *found : kNull, {key});
}

std::string Place::text(std::string_view key) const {
  const Json* found = member(key);
  if (!found || found->is_null()) return {};
  if (found->is_string()) return std::string(found->text());
  if (found->is_number() || found->is_boolean()) return found->dump();  // expr: 1, expr: true
  at(key).report("expected a string");
  return {};
}

bool Place::flag(std::string_view key) const {
  const Json* found = member(key);
  if (!found || found->is_null()) return false;
  if (found->is_boolean()) return found->boolean();
  at(key).report("expected true or false");
  return false;
}

std::optional<double> Place::number(std::string_view key) const {
  const Json* found = member(key);
  if (!found || found->is_null()) return std::nullopt;
  if (found->is_number()) return found->number();
  at(key).report("expected a number");
  return std::nullopt;
}

std::optional<std::int64_t> Place::integer(std::string_view key) const {
  const Json* found = member(key);
  if (!found || found->is_null()) return std::nullopt;
  if (found->is_integer()) return found->integer();
  at(key).report("expected a whole number");
  return std::nullopt;
}

std::vector<std::string> Place::texts(std::string_view key) const {
  std::vector<std::string> out;
  const Json* found = member(key);
  if (!found || found->is_null()) return out;
  if (found->is_string()) {
    out.emplace_back(found->text());
    return out;
  }
  if (!found->is_array()) {
    at(key).report("expected an array of strings");
    return out;
  }
  for (const Place& item : at(key).each()) {
    if (item.is_string())
      out.emplace_back(item.json().text());
    else
      item.report("expected a string");
  }
  return out;
}

std::vector<Place> Place::each() const {
  std::vector<Place> out;
  if (value_->is_array()) {
    out.reserve(value_->size());
    for (std::size_t i = 0; i < value_->size(); ++i)
      out.push_back(Place(*this, value_->items()[i], {{}, i}));
  } else if (value_->is_object()) {
    out.reserve(value_->size());
    for (const auto& [key, item] : value_->members()) out.push_back(Place(*this, item, {key}));
  } else if (!value_->is_null()) {
    report("expected an array or an object");
  }
  return out;
}

void Place::report(std::string message) const {
  if (problems_->size() >= kProblemsNoted) return;
  problems_->push_back({std::string(artifact_), pointer(), std::move(message)});
}

contracts::Meta read_meta(const Place& owner) {
  contracts::Meta out;
  const Place in_config = owner.at("config").at("meta");
  const Place own = owner.at("meta");
  const Place& meta = in_config.is_object() && in_config.json().size() > 0 ? in_config : own;
  if (meta.is_object()) {
    out.synonyms = meta.texts("synonyms");
    if (meta.at("unit").is_string()) out.unit = meta.text("unit");
    out.json = meta.json().dump();
  }
  read_personal_data(owner, meta, out);
  return out;
}

std::vector<std::string> read_tags(const Place& owner) {
  std::vector<std::string> out = owner.texts("tags");
  const Place config = owner.at("config");
  if (!config.is_object()) return out;
  for (std::string& tag : config.texts("tags"))
    if (std::ranges::find(out, tag) == out.end()) out.push_back(std::move(tag));
  return out;
}

std::string read_group(const Place& owner) {
  std::string own = owner.text("group");
  return own.empty() ? owner.at("config").text("group") : own;
}

bool is_enabled(const Place& item) {
  const Json& said = item.at("config").at("enabled").json();
  return !said.is_boolean() || said.boolean();
}

std::string rendered_relation(const contracts::Relation& relation, std::string said) {
  // Backticks are how BigQuery, Databricks and MySQL quote; the engines here take double quotes.
  if (!said.empty() && said.find('`') == std::string::npos) return said;
  std::string out;
  for (const auto* part : {&relation.database, &relation.schema, &relation.name})
    if (!part->empty()) out += (out.empty() ? "" : ".") + as_identifier(*part);
  if (!relation.name.empty() && !relation.schema.empty()) return out;
  std::ranges::replace(said, '`', '"');
  return said.empty() ? out : said;
}

contracts::Relation read_relation(const Place& node_relation) {
  contracts::Relation out;
  out.database = node_relation.text("database");
  out.schema = node_relation.text("schema_name");
  out.name = node_relation.text("alias");
  out.rendered = node_relation.text("relation_name");
  if (out.name.empty() && out.rendered.empty()) return out;
  out.rendered = rendered_relation(out, std::move(out.rendered));
  return out;
}

}  // namespace loquat::dbt
