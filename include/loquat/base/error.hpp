#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace loquat {

/// What went wrong, for machines. Foreign codes are translated in the room that owns the library.
enum class Errc {
  invalid_request,
  unauthorized,
  forbidden,
  not_found,
  method_not_allowed,
  conflict,
  payload_too_large,
  unsupported_media_type,
  unprocessable_question,
  rate_limited,
  internal,
  overloaded,
  buffer_full,
  query_engine_unavailable,
  llm_unavailable,
  query_timeout,
  unavailable,      ///< A peer is away or its breaker is open.
  timed_out,        ///< A deadline passed.
  cancelled,        ///< Somebody asked for it; never an error in logs or breakers.
  unsupported_sql,  ///< Could not be read as one statement of the dialect.
  query_failed,     ///< The engine refused the statement; the detail is safe to show.
  corrupt,          ///< Stored bytes or an artifact are not what they claim to be.
  io,               ///< A file or socket of this host failed.
};

/// One thing wrong with one field of an input.
struct FieldIssue {
  std::string pointer;  ///< RFC 6901 JSON pointer, e.g. `/data/rating`.
  std::string message;  ///< What is wrong and what is allowed.
};

/// An expected failure. `code` is for machines, `detail` for people; neither ever holds a secret.
struct Error {
  Errc code = Errc::internal;
  std::string detail;
  std::vector<FieldIssue> fields{};
};

[[nodiscard]] std::string_view to_string(Errc code) noexcept;

}  // namespace loquat
