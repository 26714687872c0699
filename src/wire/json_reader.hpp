#pragma once
#include <set>
#include <string>
#include <string_view>

#include "loquat/wire/json.hpp"

namespace loquat::wire {

/// Reads one JSON text (RFC 8259) into a tree, in one pass over the bytes. Stops at the first thing
/// that is wrong. Nesting is bounded by the limits, so recursion is.
class JsonReader {
 public:
  JsonReader(std::string_view text, const JsonLimits& limits)
      : begin_(text.data()), at_(begin_), end_(begin_ + text.size()), limits_(limits) {}
  /// False: `problem` says what is wrong.
  [[nodiscard]] bool read(JsonNode& root);
  Error problem = fail(Errc::invalid_request, "The body is not valid JSON.");

 private:
  struct Names;
  bool value(JsonNode& node);
  bool object(JsonNode& node);
  bool member(JsonNode& node, Names& names);
  bool array(JsonNode& node);
  bool literal(std::string_view word);
  bool number(JsonNode& node);
  bool real(JsonNode& node, const char* from);
  bool string(std::string& out);
  bool escape(std::string& out);
  bool code_unit(unsigned& unit);
  /// Past blanks; true if `c` comes, which is consumed.
  bool skip_to(char c);
  void skip_blanks();
  bool malformed(const char* at);
  bool stop(std::string detail);
  bool repeated(std::string_view name);
  /// After a failure below: where, seen from one level up.
  bool failed_in(std::string_view token);

  const char *begin_, *at_, *end_;
  const JsonLimits& limits_;
  std::size_t depth_ = 0, values_ = 0;
};

}  // namespace loquat::wire
