#include "compiler/item.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

#include "index/words.hpp"

namespace loquat::semantic {

std::string Item::path_name() const {
  std::string out = join(links, "__");
  return out.empty() ? element : out + "__" + element;
}

std::string Item::output() const {
  if (!date_part.empty()) return path_name() + "__extract_" + date_part;
  return grain.empty() ? path_name() : path_name() + "__" + grain;
}

namespace {

using Argued = TemplateCall::Value;

/// A cursor over one template; the first error wins and everything after it is empty.
class Parser {
 public:
  Parser(std::string_view text, std::size_t at) : text_(text), at_(at) {}

  TemplateCall call() {
    TemplateCall out = bare_call();
    while (ok() && accept('.')) out.chained.push_back(bare_call());
    return out;
  }
  [[nodiscard]] bool ok() const { return error_.empty(); }
  [[nodiscard]] const std::string& error() const { return error_; }
  [[nodiscard]] std::size_t at() const { return at_; }

 private:
  static constexpr int kArgumentsMax = 16;

  TemplateCall bare_call() {
    TemplateCall out;
    out.function = word();
    if (!expect('(')) return out;
    if (accept(')')) return out;
    for (int i = 0; ok() && i < kArgumentsMax; ++i) {
      out.arguments.push_back(argument());
      if (accept(')')) return out;
      if (!expect(',')) return out;
      if (accept(')')) return out;
    }
    refuse("too many arguments");
    return out;
  }

  TemplateCall::Argument argument() {
    skip_space();
    TemplateCall::Argument out;
    if (at_ < text_.size() && (std::isalpha(static_cast<unsigned char>(text_[at_])) != 0)) {
      std::string name = word();
      if (name == "True" || name == "true" || name == "False" || name == "false") {
        out.value = name == "True" || name == "true";
        return out;
      }
      if (name == "None" || name == "none") {
        out.value = std::string();
        return out;
      }
      out.name = std::move(name);
      if (!expect('=')) return out;
    }
    out.value = value();
    return out;
  }

  Argued value() {
    skip_space();
    if (accept('[')) {
      std::vector<std::string> list;
      if (accept(']')) return list;
      while (ok()) {
        list.push_back(string());
        if (accept(']')) return list;
        if (!expect(',')) break;
        if (accept(']')) return list;
      }
      return list;
    }
    if (at_ < text_.size() && (text_[at_] == '\'' || text_[at_] == '"')) return string();
    const std::string name = word();
    if (name == "True" || name == "true") return true;
    if (name == "False" || name == "false") return false;
    if (name != "None" && name != "none") refuse("expected a quoted text, a list, True or False");
    return std::string();
  }

  std::string string() {
    skip_space();
    if (at_ >= text_.size() || (text_[at_] != '\'' && text_[at_] != '"')) {
      refuse("expected a quoted text");
      return {};
    }
    const char quote = text_[at_++];
    const std::size_t end = text_.find(quote, at_);
    if (end == std::string_view::npos) {
      refuse("a quote is not closed");
      return {};
    }
    std::string out(text_.substr(at_, end - at_));
    at_ = end + 1;
    return out;
  }

  std::string word() {
    skip_space();
    const std::size_t start = at_;
    while (at_ < text_.size() &&
           (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 || text_[at_] == '_'))
      ++at_;
    if (start == at_) refuse("expected a name such as Dimension");
    return std::string(text_.substr(start, at_ - start));
  }

  bool accept(char c) {
    skip_space();
    if (!ok() || at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool expect(char c) {
    if (accept(c)) return true;
    refuse(std::string("expected '") + c + "'");
    return false;
  }
  void skip_space() {
    while (at_ < text_.size() && (std::isspace(static_cast<unsigned char>(text_[at_])) != 0)) ++at_;
  }
  void refuse(std::string message) {
    if (error_.empty()) error_ = std::move(message) + " at character " + std::to_string(at_ + 1);
    at_ = text_.size();
  }

  std::string_view text_;
  std::size_t at_;
  std::string error_;
};

std::optional<std::string> text_of(const Argued& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  return std::nullopt;
}

/// The arguments of `call` under the names that their places have.
class Arguments {
 public:
  Arguments(const TemplateCall& call, std::vector<std::string> places) {
    std::size_t position = 0;
    for (const auto& argument : call.arguments) {
      std::string name = argument.name;
      if (name.empty() && position < places.size()) name = places[position++];
      if (name.empty() || std::ranges::count(places, name) == 0)
        unknown_ = name.empty() ? "too many arguments" : "unknown argument " + name;
      values_.emplace_back(std::move(name), &argument.value);
    }
  }
  [[nodiscard]] const std::string& unknown() const { return unknown_; }
  [[nodiscard]] std::string text(std::string_view name) const {
    const Argued* value = find(name);
    return value ? text_of(*value).value_or("") : std::string();
  }
  [[nodiscard]] std::vector<std::string> list(std::string_view name) const {
    const Argued* value = find(name);
    if (!value) return {};
    if (const auto* list = std::get_if<std::vector<std::string>>(value)) return *list;
    if (const auto text = text_of(*value); text && !text->empty()) return {*text};
    return {};
  }
  [[nodiscard]] bool flag(std::string_view name) const {
    const Argued* value = find(name);
    const bool* flag = value ? std::get_if<bool>(value) : nullptr;
    return flag && *flag;
  }

 private:
  [[nodiscard]] const Argued* find(std::string_view name) const {
    for (const auto& [known, value] : values_)
      if (known == name) return value;
    return nullptr;
  }
  std::vector<std::pair<std::string, const Argued*>> values_;
  std::string unknown_;
};

TemplateError format_error(const std::string& name, std::string_view form) {
  return {"the name '" + name + "' must be written as " + std::string(form) +
              "; further entities go into entity_path",
          true};
}

bool known_part(std::string_view part) {
  constexpr std::string_view parts[] = {"dow", "doy", "day", "week", "month", "quarter", "year"};
  return std::ranges::find(parts, part) != std::end(parts);
}

std::optional<TemplateError> apply_chained(const TemplateCall& call, Item& item) {
  for (const TemplateCall& next : call.chained) {
    const Arguments arguments(next, {"value"});
    const std::string text = lower(arguments.text("value"));
    if (next.function == "grain" && !text.empty())
      item.grain = text;
    else if (next.function == "date_part" && !text.empty())
      item.date_part = text;
    else if (next.function == "descending")
      item.descending = next.arguments.empty() || arguments.flag("value");
    else
      return TemplateError{"unknown call ." + next.function + "(…)"};
  }
  return std::nullopt;
}

/// `name` and entity_path into links and element.
std::optional<TemplateError> place_name(const std::string& name,
                                        std::vector<std::string> entity_path, bool in_filter,
                                        Item& item) {
  auto parts = split_dunder(lower(name));
  if (name.empty()) return TemplateError{"a name is missing"};
  if (parts.size() == 1 && parts[0] == "metric_time") {
    item.kind = Item::Kind::metric_time;
    item.element = "metric_time";
    return std::nullopt;
  }
  const bool entity = item.kind == Item::Kind::entity;
  if (in_filter && (entity ? parts.size() > 2 : parts.size() != 2))
    return format_error(name, entity ? "<entity>" : "<primary entity>__<dimension>");
  if (!entity && parts.size() < 2) return format_error(name, "<primary entity>__<dimension>");
  item.element = parts.back();
  parts.pop_back();
  for (std::string& link : entity_path) {
    for (std::string& one : split_dunder(lower(link))) item.links.push_back(std::move(one));
  }
  item.links.insert(item.links.end(), parts.begin(), parts.end());
  return std::nullopt;
}

std::variant<Item, TemplateError> metric_item(const TemplateCall& call) {
  const Arguments arguments(call, {"metric_name", "group_by"});
  if (!arguments.unknown().empty()) return TemplateError{arguments.unknown()};
  Item item;
  item.kind = Item::Kind::metric;
  item.element = lower(arguments.text("metric_name"));
  for (const std::string& name : arguments.list("group_by"))
    item.metric_group_by.push_back(lower(name));
  if (item.element.empty()) return TemplateError{"Metric(…) needs a name"};
  if (auto error = apply_chained(call, item)) return *error;
  return item;
}

}  // namespace

std::variant<TemplateCall, TemplateError> parse_call(std::string_view text, std::size_t& at) {
  Parser parser(text, at);
  TemplateCall call = parser.call();
  if (!parser.ok()) return TemplateError{parser.error()};
  at = parser.at();
  return call;
}

std::variant<Item, TemplateError> item_of_call(const TemplateCall& call, bool in_filter) {
  if (call.function == "Metric") return metric_item(call);
  Item item;
  std::vector<std::string> places;
  std::string name_key = "name";
  if (call.function == "Dimension") {
    places = {"name", "entity_path"};
  } else if (call.function == "TimeDimension") {
    places = {"time_dimension_name", "time_granularity_name", "entity_path", "descending",
              "date_part_name"};
    name_key = "time_dimension_name";
    item.kind = Item::Kind::time;
  } else if (call.function == "Entity") {
    places = {"entity_name", "entity_path"};
    name_key = "entity_name";
    item.kind = Item::Kind::entity;
  } else {
    return TemplateError{"'" + call.function +
                         "' is not one of Dimension, TimeDimension, Entity, Metric"};
  }
  const Arguments arguments(call, places);
  if (!arguments.unknown().empty()) return TemplateError{arguments.unknown()};
  if (auto error =
          place_name(arguments.text(name_key), arguments.list("entity_path"), in_filter, item))
    return *error;
  item.grain = lower(arguments.text("time_granularity_name"));
  item.date_part = lower(arguments.text("date_part_name"));
  item.descending = arguments.flag("descending");
  if (auto error = apply_chained(call, item)) return *error;
  if (!item.date_part.empty() && !known_part(item.date_part))
    return TemplateError{"unknown date part '" + item.date_part +
                         "'; known are dow, doy, day, week, month, quarter, year"};
  if (item.kind == Item::Kind::categorical && (!item.grain.empty() || !item.date_part.empty()))
    item.kind = Item::Kind::time;
  return item;
}

std::variant<Filter, TemplateError> parse_filter(std::string_view text) {
  Filter out;
  out.text = std::string(text);
  std::size_t at = 0;
  for (;;) {
    const std::size_t open = text.find("{{", at);
    if (open == std::string_view::npos) break;
    out.sql.emplace_back(text.substr(at, open - at));
    std::size_t inside = open + 2;
    auto call = parse_call(text, inside);
    if (const auto* error = std::get_if<TemplateError>(&call)) return *error;
    while (inside < text.size() && std::isspace(static_cast<unsigned char>(text[inside])) != 0)
      ++inside;
    if (text.substr(inside, 2) != "}}")
      return TemplateError{"expected '}}' at character " + std::to_string(inside + 1)};
    at = inside + 2;
    auto item = item_of_call(std::get<TemplateCall>(call), true);
    if (const auto* error = std::get_if<TemplateError>(&item)) return *error;
    out.items.push_back(std::move(std::get<Item>(item)));
  }
  out.sql.emplace_back(text.substr(at));
  for (const std::string& part : out.sql)
    if (part.find("}}") != std::string::npos || part.find("{%") != std::string::npos)
      return TemplateError{"only {{ … }} templates are read"};
  return out;
}

}  // namespace loquat::semantic
