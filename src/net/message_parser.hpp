#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "loquat/net/http.hpp"

/// Reading HTTP/1.1 messages from bytes, without I/O. The grammar is Beast's `basic_parser`; this
/// seam keeps its templates in one .cpp file.
namespace loquat::net {

struct ParserLimits {
  std::size_t head_bytes_max = 16U << 10U;
  std::size_t body_bytes_max = 1U << 20U;
};

enum class ParseState {
  need_head,  ///< give more bytes; the head is not complete
  need_body,  ///< the head is complete, the body is not
  done,       ///< one whole message; the rest of the bytes belongs to the next
  refused,    ///< `refusal_status` and `why` say what is wrong
};

class RequestParser {
 public:
  explicit RequestParser(ParserLimits limits);
  ~RequestParser();
  RequestParser(RequestParser&&) noexcept;
  RequestParser& operator=(RequestParser&&) noexcept;
  /// Takes bytes; `consumed` says how many. Those that are left are to be given again, with more.
  [[nodiscard]] ParseState feed(std::string_view bytes, std::size_t& consumed);
  [[nodiscard]] bool has_started() const noexcept;
  [[nodiscard]] bool expects_continue() const noexcept;
  [[nodiscard]] bool keep_alive() const noexcept;
  [[nodiscard]] int refusal_status() const noexcept;
  [[nodiscard]] std::string_view why() const noexcept;
  /// After `done`, once.
  [[nodiscard]] Request take();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class ResponseParser {
 public:
  /// `on_body` empty: the body is kept. `to_head`: the answer to a HEAD has no body.
  ResponseParser(ParserLimits limits, bool to_head, std::function<bool(std::string_view)> on_body);
  ~ResponseParser();
  [[nodiscard]] ParseState feed(std::string_view bytes, std::size_t& consumed);
  /// The peer closed: done if the body ends that way, else refused.
  [[nodiscard]] ParseState finish();
  [[nodiscard]] bool has_started() const noexcept;
  [[nodiscard]] bool keep_alive() const noexcept;
  [[nodiscard]] bool is_too_large() const noexcept;
  [[nodiscard]] bool is_stopped() const noexcept;  ///< `on_body` said false
  [[nodiscard]] std::string_view why() const noexcept;
  [[nodiscard]] int status() const noexcept;
  [[nodiscard]] Headers take_headers();
  [[nodiscard]] std::string take_body();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace loquat::net
