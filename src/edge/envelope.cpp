#include "loquat/edge/call.hpp"
#include "loquat/wire/error_codes.hpp"

namespace loquat::edge {
namespace {

constexpr std::string_view kRetryAfterSeconds = "1";

/// What people may read. What went wrong inside stays inside: paths, statements, peers' words.
std::string_view public_detail(const Error& error) {
  switch (error.code) {
    case Errc::internal:
    case Errc::corrupt:
    case Errc::io:
      return "Something went wrong on our side. The request id helps us to find it.";
    case Errc::unavailable:
      return "A service that is needed for this is away.";
    default:
      return error.detail;
  }
}

void write_error(wire::JsonWriter& out, std::string_view code, std::string_view message,
                 std::string_view field) {
  out.begin_object();
  out.key("code");
  out.value(code);
  out.key("message");
  out.value(message);
  if (!field.empty()) {
    out.key("field");
    out.value(field);
  }
  out.end_object();
}

void write_tail(wire::JsonWriter& out, const EnvelopeParts& parts) {
  out.key("warnings");
  wire::encode_value(out, parts.warnings);
  out.key("degraded");
  wire::encode_value(out, parts.degraded);
  out.key("execution_time_ms");
  out.value(parts.execution_time_ms);
  out.key("request_id");
  out.value(parts.request_id);
  out.end_object();
}

}  // namespace

std::string success_envelope(const EnvelopeParts& parts) {
  std::string text;
  text.reserve(parts.data.size() + 256);
  wire::JsonWriter out(text);
  out.begin_object();
  out.key("success");
  out.value(true);
  out.key("data");
  out.raw(parts.data.empty() ? std::string_view("null") : parts.data);
  out.key("errors");
  out.begin_array();
  out.end_array();
  write_tail(out, parts);
  return text;
}

std::string error_envelope(const Error& error, const EnvelopeParts& parts) {
  const auto code = wire::to_http(error.code).name;
  std::string text;
  wire::JsonWriter out(text);
  out.begin_object();
  out.key("success");
  out.value(false);
  out.key("data");
  out.null();
  out.key("errors");
  out.begin_array();
  for (const auto& issue : error.fields) write_error(out, code, issue.message, issue.pointer);
  if (error.fields.empty()) write_error(out, code, public_detail(error), {});
  out.end_array();
  write_tail(out, parts);
  return text;
}

net::Response error_response(const Error& error, const EnvelopeParts& parts) {
  const auto known = wire::to_http(error.code);
  auto response =
      net::make_response(known.status, "application/json", error_envelope(error, parts));
  if (known.retryable && (known.status == 503 || known.status == 429))
    response.headers.set("Retry-After", std::string(kRetryAfterSeconds));
  if (known.status == 401) response.headers.set("WWW-Authenticate", "Bearer");
  return response;
}

Reply reply_json(std::string data, int status) {
  Reply made;
  made.status = status;
  made.data = std::move(data);
  return made;
}
Reply reply_whole(net::Response response) {
  Reply made;
  made.whole = std::move(response);
  return made;
}

}  // namespace loquat::edge
