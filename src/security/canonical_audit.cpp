#include "canonical_audit.hpp"

#include "canonical_json.hpp"
#include "loquat/base/time_format.hpp"
#include "loquat/base/utf8.hpp"
#include "loquat/security/audit_chain.hpp"

namespace loquat::security {
namespace {

/// Members must come in the order of RFC 8785, which for our plain names is that of their bytes.
class Canonical {
 public:
  std::string out;
  bool is_good = true;

  void open(std::string_view name) {
    key(name);
    out += '{';
    is_first_ = true;
  }
  void close() {
    out += '}';
    is_first_ = false;
  }
  void text(std::string_view name, std::string_view value) {
    key(name);
    string(value);
  }
  void maybe(std::string_view name, const std::optional<std::string>& value) {
    if (value) text(name, std::string_view(*value));
  }
  void texts(std::string_view name, const std::vector<std::string>& values) {
    key(name);
    out += '[';
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i > 0) out += ',';
      string(values[i]);
    }
    out += ']';
  }
  void number(std::string_view name, std::int64_t value) {
    constexpr std::int64_t kExactMax = std::int64_t{1} << 53;  // JSON's numbers are doubles
    is_good = is_good && value >= 0 && value <= kExactMax;
    key(name);
    out += std::to_string(value);
  }
  void json(std::string_view name, std::string_view value) {
    key(name);
    if (value == "{}" || value.empty()) {
      out += value.empty() ? "null" : "{}";
      return;
    }
    const auto canonical = canonical_json(value);
    is_good = is_good && canonical;
    if (canonical) out += *canonical;
  }

 private:
  void key(std::string_view name) {
    if (name.empty()) return;
    if (!is_first_) out += ',';
    is_first_ = false;
    append_canonical(out, name);
    out += ':';
  }
  void string(std::string_view value) {
    is_good = is_good && is_utf8(value);
    append_canonical(out, value);
  }
  bool is_first_ = true;
};

}  // namespace

std::optional<std::string> canonical_audit(const wire::AuditEvent& event) {
  Canonical to;
  to.out.reserve(1'024);
  to.open("");
  to.text("action", event.action);
  to.open("actor");
  to.text("auth_method", event.actor.auth_method);
  to.text("ip", event.actor.ip);
  to.texts("roles", event.actor.roles);
  to.text("user_id", event.actor.user_id);
  to.close();
  to.open("chain");
  to.text("prev", event.chain.prev);
  to.number("seq", event.chain.seq);
  to.text("writer", event.chain.writer);
  to.close();
  to.json("details", event.details.text);
  to.text("event_id", event.event_id);
  to.text("event_type", event.event_type);
  to.maybe("message_id", event.message_id);
  to.text("outcome", name_of(event.outcome));
  to.maybe("reason", event.reason);
  to.text("request_id", event.request_id);
  to.open("resource");
  to.text("id", event.resource.id);
  to.text("type", event.resource.type);
  to.close();
  to.text("schema_version", event.schema_version);
  to.maybe("session_id", event.session_id);
  to.text("tenant_id", event.tenant_id);
  to.text("timestamp", format_rfc3339(event.timestamp));
  to.maybe("trace_id", event.trace_id);
  to.maybe("user_id", event.user_id);
  to.close();
  if (!to.is_good) return std::nullopt;
  return std::move(to.out);
}

}  // namespace loquat::security
