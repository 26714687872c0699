#include "trim.hpp"

#include <algorithm>
#include <cstring>

namespace loquat::dbt {
namespace {

constexpr std::size_t kKeyBytesMax = 64U << 10U;
constexpr std::uint32_t kDepthMax = 256;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }
bool ends_scalar(char c) { return c == ',' || c == '}' || c == ']' || is_space(c); }
bool begins_scalar(char c) {
  return c == '-' || c == 't' || c == 'f' || c == 'n' || c == 'N' || c == 'I' ||
         (c >= '0' && c <= '9');
}
bool is_in_scalar(char c) {
  return c == '+' || c == '-' || c == '.' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
         (c >= 'A' && c <= 'Z');
}

}  // namespace

void Trimmer::refuse(std::string why) {
  state_ = State::failed;
  why_ = std::move(why);
  out_.clear();
  out_.shrink_to_fit();
}

bool Trimmer::feed(std::string_view piece) {
  const char* const begin = piece.data();
  const char* const end = begin + piece.size();
  const char* at = begin;
  while (at != end && state_ != State::failed) at = step(at, end);
  const auto passed = static_cast<std::uint64_t>(at - begin);
  if (state_ == State::failed && why_.empty())
    why_ = "not JSON at byte " + std::to_string(taken_ + passed);
  taken_ += piece.size();
  return state_ != State::failed;
}

Result<void> Trimmer::finish() {
  if (state_ == State::failed) return fail(Errc::corrupt, why_);
  if (state_ == State::done) return {};
  return fail(Errc::corrupt, taken_ == 0
                                 ? std::string("not a JSON object: it is empty (half written?)")
                                 : "not a JSON object: it ends at byte " + std::to_string(taken_) +
                                       " (half written?)");
}

const char* Trimmer::step(const char* at, const char* end) {
  if (state_ == State::span) return step_span(at, end);
  if (state_ == State::in_key) return step_key(at, end);
  const char c = *at;
  if (is_space(c)) return at + 1;
  const bool is_at_begin = frames_.empty() && state_ == State::value;
  if (is_at_begin && mark_ < kByteOrderMark.size() && c == kByteOrderMark[mark_]) {
    ++mark_;
    return at + 1;
  }
  switch (state_) {
    case State::first_item:
      if (c == ']') {
        close(c);
        break;
      }
      [[fallthrough]];
    case State::value:
      begin_value(c);
      break;
    case State::first_key:
      if (c == '}') {
        close(c);
        break;
      }
      [[fallthrough]];
    case State::key:
      if (c == '"') {
        key_.clear();
        is_escaped_ = false;
        state_ = State::in_key;
      } else {
        state_ = State::failed;
      }
      break;
    case State::colon:
      state_ = c == ':' ? State::value : State::failed;
      break;
    case State::after:
      if (c == ',') {
        state_ = frames_.back().is_array ? State::value : State::key;
        if (frames_.back().is_array) next_ = frames_.back().rule->item;
      } else {
        close(c);
      }
      break;
    default:  // done: only white space may follow
      state_ = State::failed;
  }
  return state_ == State::failed ? at : at + 1;
}

void Trimmer::begin_value(char first) {
  if (frames_.empty()) {
    if (first != '{') {
      refuse("not a JSON object");
      return;
    }
    next_ = root_;
  }
  const bool is_container = first == '{' || first == '[';
  const bool is_walked =
      next_ != nullptr && is_container &&
      (next_->kind == Wanted::Kind::each || (next_->kind == Wanted::Kind::members && first == '{'));
  if (is_walked)
    open(first, *next_);
  else
    begin_span(first);
}

void Trimmer::separate() {
  if (frames_.empty()) return;
  Frame& frame = frames_.back();
  if (!frame.is_empty) out_ += ',';
  frame.is_empty = false;
  if (!frame.is_array) out_.append("\"").append(key_).append("\":");
}

void Trimmer::open(char bracket, const Wanted& rule) {
  separate();
  out_ += bracket;
  const bool is_array = bracket == '[';
  frames_.push_back({&rule, is_array});
  if (is_array) next_ = rule.item;
  state_ = is_array ? State::first_item : State::first_key;
}

void Trimmer::close(char bracket) {
  if (bracket != (frames_.back().is_array ? ']' : '}')) {
    state_ = State::failed;
    return;
  }
  out_ += bracket;
  frames_.pop_back();
  end_value();
}

void Trimmer::end_value() { state_ = frames_.empty() ? State::done : State::after; }

void Trimmer::begin_span(char first) {
  is_kept_ = next_ != nullptr;
  in_string_ = first == '"';
  const bool is_container = first == '{' || first == '[';
  is_scalar_ = begins_scalar(first);
  if (!in_string_ && !is_container && !is_scalar_) {
    state_ = State::failed;
    return;
  }
  depth_ = is_container ? 1 : 0;
  is_escaped_ = false;
  if (is_kept_) {
    separate();
    out_ += first;
  }
  state_ = State::span;
}

/// To behind the closing quote, or to the end of the piece.
const char* Trimmer::pass_string(const char* at, const char* end) {
  while (at != end) {
    if (is_escaped_) {
      is_escaped_ = false;
      ++at;
      continue;
    }
    const auto left = static_cast<std::size_t>(end - at);
    const auto* quote = static_cast<const char*>(std::memchr(at, '"', left));
    const char* stop = quote != nullptr ? quote : end;
    const char* back = stop;
    while (back != at && back[-1] == '\\') --back;
    const bool is_odd = ((stop - back) & 1) != 0;
    if (quote == nullptr) {
      is_escaped_ = is_odd;
      return end;
    }
    at = quote + 1;
    if (is_odd) continue;
    in_string_ = false;
    return at;
  }
  return at;
}

const char* Trimmer::step_key(const char* at, const char* end) {
  in_string_ = true;
  const char* const stop = pass_string(at, end);
  key_.append(at, stop);
  if (key_.size() > kKeyBytesMax) {
    refuse("not read: it has a member name of more than 64 KiB");
    return stop;
  }
  if (in_string_) return stop;
  key_.pop_back();  // the quote
  member_named(key_);
  state_ = State::colon;
  return stop;
}

void Trimmer::member_named(std::string_view name) {
  const Wanted& rule = *frames_.back().rule;
  if (rule.kind == Wanted::Kind::each) {
    next_ = rule.item;
    return;
  }
  const auto found =
      std::ranges::find(rule.members, name, &std::pair<std::string_view, const Wanted*>::first);
  next_ = found == rule.members.end() ? nullptr : found->second;
}

const char* Trimmer::step_span(const char* at, const char* end) {
  const char* const begin = at;
  bool has_ended = false;
  if (is_scalar_) {
    while (at != end && is_in_scalar(*at)) ++at;
    has_ended = at != end;
    if (has_ended && !ends_scalar(*at)) {
      state_ = State::failed;
      return at;
    }
  }
  while (!is_scalar_ && !has_ended && at != end) {
    if (in_string_) {
      at = pass_string(at, end);
      has_ended = !in_string_ && depth_ == 0;
      continue;
    }
    const char c = *at++;
    if (c == '"') {
      in_string_ = true;
    } else if (c == '{' || c == '[') {
      if (++depth_ > kDepthMax) {
        refuse("not read: it is nested deeper than " + std::to_string(kDepthMax));
        return at;
      }
    } else if (c == '}' || c == ']') {
      has_ended = --depth_ == 0;
    }
  }
  if (is_kept_) out_.append(begin, at);
  if (has_ended) end_value();
  return at;
}

}  // namespace loquat::dbt
