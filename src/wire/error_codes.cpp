#include "loquat/wire/error_codes.hpp"

namespace loquat::wire {

PublicError to_http(Errc code) noexcept {
  switch (code) {
    case Errc::invalid_request:
    case Errc::unsupported_sql:
      return {400, "INVALID_REQUEST", false};
    case Errc::unauthorized:
      return {401, "UNAUTHORIZED", false};
    case Errc::forbidden:
      return {403, "FORBIDDEN", false};
    case Errc::not_found:
      return {404, "NOT_FOUND", false};
    case Errc::method_not_allowed:
      return {405, "METHOD_NOT_ALLOWED", false};
    case Errc::conflict:
      return {409, "CONFLICT", false};
    case Errc::payload_too_large:
      return {413, "PAYLOAD_TOO_LARGE", false};
    case Errc::unsupported_media_type:
      return {415, "UNSUPPORTED_MEDIA_TYPE", false};
    case Errc::unprocessable_question:
    case Errc::query_failed:
      return {422, "UNPROCESSABLE_QUESTION", false};
    case Errc::rate_limited:
      return {429, "RATE_LIMITED", true};
    case Errc::overloaded:
    case Errc::cancelled:
      return {503, "OVERLOADED", true};
    case Errc::buffer_full:
      return {503, "BUFFER_FULL", true};
    case Errc::query_engine_unavailable:
    case Errc::unavailable:
      return {503, "QUERY_ENGINE_UNAVAILABLE", true};
    case Errc::llm_unavailable:
      return {503, "LLM_UNAVAILABLE", true};
    case Errc::query_timeout:
    case Errc::timed_out:
      return {504, "QUERY_TIMEOUT", true};
    case Errc::internal:
    case Errc::corrupt:
    case Errc::io:
      return {500, "INTERNAL_ERROR", false};
  }
  return {500, "INTERNAL_ERROR", false};
}

CloseCode to_close_code(Errc code) noexcept {
  switch (code) {
    case Errc::unauthorized:
      return CloseCode::token;
    case Errc::forbidden:
      return CloseCode::role;
    case Errc::not_found:
      return CloseCode::no_such_session;
    case Errc::payload_too_large:
      return CloseCode::too_big;
    case Errc::overloaded:
    case Errc::buffer_full:
    case Errc::unavailable:
      return CloseCode::overloaded;
    default:
      return CloseCode::policy;
  }
}

}  // namespace loquat::wire
