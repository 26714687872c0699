#include "loquat/base/error.hpp"

#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include "loquat/base/check.hpp"
#include "loquat/base/result.hpp"

namespace loquat {

std::string_view to_string(Errc code) noexcept {
  switch (code) {
    case Errc::invalid_request:
      return "invalid_request";
    case Errc::unauthorized:
      return "unauthorized";
    case Errc::forbidden:
      return "forbidden";
    case Errc::not_found:
      return "not_found";
    case Errc::method_not_allowed:
      return "method_not_allowed";
    case Errc::conflict:
      return "conflict";
    case Errc::payload_too_large:
      return "payload_too_large";
    case Errc::unsupported_media_type:
      return "unsupported_media_type";
    case Errc::unprocessable_question:
      return "unprocessable_question";
    case Errc::rate_limited:
      return "rate_limited";
    case Errc::internal:
      return "internal";
    case Errc::overloaded:
      return "overloaded";
    case Errc::buffer_full:
      return "buffer_full";
    case Errc::query_engine_unavailable:
      return "query_engine_unavailable";
    case Errc::llm_unavailable:
      return "llm_unavailable";
    case Errc::query_timeout:
      return "query_timeout";
    case Errc::unavailable:
      return "unavailable";
    case Errc::timed_out:
      return "timed_out";
    case Errc::cancelled:
      return "cancelled";
    case Errc::unsupported_sql:
      return "unsupported_sql";
    case Errc::query_failed:
      return "query_failed";
    case Errc::corrupt:
      return "corrupt";
    case Errc::io:
      return "io";
  }
  return "internal";
}

void throw_exception_from_error(const Error& error, const boost::source_location& where) {
  throw std::logic_error(std::string(to_string(error.code)) + ": " + error.detail + " (" +
                         where.file_name() + ":" + std::to_string(where.line()) + ")");
}

void check_failed(const char* expression, const char* file, int line) {
  static_cast<void>(std::fprintf(stderr, "check failed: %s at %s:%d\n", expression, file, line));
  std::abort();
}

}  // namespace loquat
