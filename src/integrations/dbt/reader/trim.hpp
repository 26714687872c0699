#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "loquat/base/result.hpp"

namespace loquat::dbt {

/// Which parts of a JSON value are wanted. `members`: of an object the named members; `each`: of an
/// object or array every item, by `item`; `all`: the value as it is. A value of another kind than
/// the rule expects is kept as it is, so that the reader can say what is wrong with it.
struct Wanted {
  enum class Kind { all, members, each };
  Kind kind = Kind::all;
  std::span<const std::pair<std::string_view, const Wanted*>> members{};
  const Wanted* item = nullptr;
};

/// Takes a JSON text piece by piece, wherever it is cut, and keeps what is wanted of it: an
/// artifact of hundreds of megabytes passes in the memory of what is kept. White space goes, array
/// places and member names stay, so JSON pointers into the result are pointers into the artifact.
/// Checks the structure of what it walks through; what is kept whole or dropped whole is only
/// checked for balance, and by whoever parses it later. One thread.
class Trimmer {
 public:
  explicit Trimmer(const Wanted& root) : root_(&root) {}

  /// False once the text cannot be JSON; what comes after that is ignored.
  bool feed(std::string_view piece);
  /// The end has come. Errors: corrupt: no JSON object, at which byte, or cut off (half written).
  [[nodiscard]] Result<void> finish();
  [[nodiscard]] bool has_failed() const { return state_ == State::failed; }
  [[nodiscard]] std::uint64_t bytes_taken() const { return taken_; }
  /// What was kept, as compact JSON; after a good finish.
  [[nodiscard]] std::string take_text() { return std::move(out_); }

 private:
  enum class State { value, first_key, key, in_key, colon, after, first_item, span, done, failed };
  struct Frame {
    const Wanted* rule;
    bool is_array;
    bool is_empty = true;  ///< nothing of it was written yet
  };
  const char* step(const char* at, const char* end);
  const char* step_key(const char* at, const char* end);
  const char* step_span(const char* at, const char* end);
  const char* pass_string(const char* at, const char* end);
  void begin_value(char first);
  void open(char bracket, const Wanted& rule);
  void close(char bracket);
  void begin_span(char first);
  void end_value();
  void separate();
  void member_named(std::string_view name);
  void refuse(std::string why);

  const Wanted* root_;
  State state_ = State::value;
  std::vector<Frame> frames_;
  const Wanted* next_ = nullptr;  ///< rule of the value to come; nullptr: it is dropped
  std::string key_;
  // Of the value that is passed whole:
  bool is_kept_ = false;
  bool in_string_ = false;
  bool is_scalar_ = false;
  bool is_escaped_ = false;  ///< the next byte stands behind a backslash
  std::uint32_t depth_ = 0;
  std::size_t mark_ = 0;  ///< bytes of a byte order mark that came
  std::uint64_t taken_ = 0;
  std::string why_;
  std::string out_;
};

}  // namespace loquat::dbt
