#include "loquat/edge/call.hpp"

#include <algorithm>
#include <charconv>

#include "loquat/base/utf8.hpp"

namespace loquat::edge {
namespace {

constexpr std::size_t kCursorBytesMax = 512;
constexpr std::size_t kWarningsMax = 20;
constexpr std::size_t kNameBytesShown = 64;

Error bad_parameter(std::string_view name, std::string message) {
  Error error = fail(Errc::invalid_request, "A query parameter is wrong.");
  error.fields.push_back({"/query/" + std::string(name), std::move(message)});
  return error;
}

bool is_json(std::string_view content_type) {
  auto type = content_type.substr(0, content_type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return net::equals_without_case(type, "application/json") || type.ends_with("+json");
}

constexpr std::size_t kPlainBytesMax = 128;

bool is_plain(std::string_view text) {
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_.:+-").find(c) != std::string_view::npos;
  };
  return !text.empty() && text.size() <= kPlainBytesMax &&
         std::all_of(text.begin(), text.end(), is_allowed);
}

}  // namespace

Result<wire::JsonNode> Call::body_node() {
  if (!body_read) return read_body();
  auto node = std::move(*body_read);
  body_read.reset();
  return node;
}

Result<wire::JsonNode> Call::read_body() {
  if (request.body.empty()) {
    wire::JsonNode empty;
    empty.kind = wire::JsonNode::Kind::object;
    return empty;
  }
  if (!is_json(request.header("Content-Type")))
    return fail(Errc::unsupported_media_type, "The body must be application/json.");
  auto node = wire::parse_json(request.body);
  if (!node) return node.error();
  // Whom a body names must be who calls: a proven caller is never overruled by what he writes.
  const std::pair<std::string_view, const std::string*> identity[] = {
      {"tenant_id", &principal.tenant_id}, {"user_id", &principal.user_id}};
  for (const auto& [name, proven] : identity) {
    const auto* member = node->find(name);
    if (member == nullptr || member->kind != wire::JsonNode::Kind::string ||
        member->string == *proven)
      continue;
    const std::string field(name);
    if (principal.auth_method != "none")
      return fail(Errc::forbidden, "The body's " + field + " is not the caller's.");
    warn("IDENTITY_IGNORED", field + " of the body is not used; send " +
                                 (name == "tenant_id" ? "X-Tenant-ID." : "X-User-ID."));
  }
  return node;
}

void Call::note_unknown(const std::vector<std::string>& pointers) {
  for (const auto& pointer : pointers) {
    if (pointer == "/tenant_id" || pointer == "/user_id") continue;
    if (!has_room_for_warnings()) return;
    warn("UNKNOWN_FIELD", pointer + " is not known and was ignored.");
  }
}

void Call::note_unknown_parameter(std::string_view name, std::string_view known) {
  if (!has_room_for_warnings()) return;
  std::string text =
      "/query/" + std::string(clip_utf8(name, kNameBytesShown)) + " is not known and was ignored.";
  if (!known.empty()) text += " Known: " + std::string(known) + ".";
  warn("UNKNOWN_PARAMETER", std::move(text));
}

bool Call::has_room_for_warnings() const { return warnings.size() < kWarningsMax; }

void Call::warn(std::string code, std::string message) {
  warnings.push_back({std::move(code), std::move(message)});
}

Result<std::int64_t> Call::number(std::string_view name, std::int64_t absent, std::int64_t min,
                                  std::int64_t max) const {
  const auto text = request.query_value(name);
  if (!text) return absent;
  std::int64_t value = 0;
  const auto [end, ec] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (ec != std::errc() || end != text->data() + text->size() || value < min || value > max)
    return bad_parameter(
        name, "must be a whole number from " + std::to_string(min) + " to " + std::to_string(max));
  return value;
}

Result<Paging> Call::paging(std::size_t limit_default, std::size_t limit_max) const {
  const auto limit = number("limit", static_cast<std::int64_t>(limit_default), 1,
                            static_cast<std::int64_t>(limit_max));
  if (!limit) return limit.error();
  Paging paging;
  paging.limit = static_cast<std::size_t>(*limit);
  paging.cursor = text("cursor");
  if (paging.cursor.size() > kCursorBytesMax) return bad_parameter("cursor", "is too long");
  return paging;
}

std::string Call::text(std::string_view name) const {
  return std::string(request.query_value(name).value_or(std::string_view{}));
}

std::vector<std::string> Call::list(std::string_view name) const {
  std::vector<std::string> items;
  for (const auto& [key, value] : request.query) {
    if (key != name) continue;
    std::string_view rest = value;
    for (;;) {
      const auto comma = rest.find(',');
      auto item = rest.substr(0, comma);
      while (item.starts_with(' ')) item.remove_prefix(1);
      while (item.ends_with(' ')) item.remove_suffix(1);
      if (!item.empty()) items.emplace_back(item);
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  return items;
}

std::string plain_member(const wire::JsonNode& object, std::string_view name) {
  const auto* member = object.find(name);
  if (member == nullptr) return {};
  using Kind = wire::JsonNode::Kind;
  if (member->kind == Kind::string)
    return is_plain(member->string) ? member->string : std::string();
  const bool is_value = member->kind == Kind::integer || member->kind == Kind::number ||
                        member->kind == Kind::boolean;
  return is_value ? member->dump() : std::string();
}

std::string Call::plain(std::string_view name) {
  if (const auto given = request.query_value(name))
    return is_plain(*given) ? std::string(*given) : std::string();
  if (request.body.empty()) return {};
  if (!body_read) body_read = read_body();
  return *body_read ? plain_member(**body_read, name) : std::string();
}

std::string Call::param(std::string_view name) const { return std::string(request.param(name)); }

}  // namespace loquat::edge
