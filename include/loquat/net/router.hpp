#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "loquat/net/http.hpp"

namespace loquat::net {

using Handler = std::function<Task<Response>(Request)>;

/// Patterns: `/a/{id}/b`; a parameter fills one segment, or the part of it that stands between
/// literal text (`/schemas/{name}.json`). A literal segment wins over one with a parameter.
/// HEAD is answered by GET's handler without its body.
class Router {
 public:
  /// The handler must outlive every request (it stays in the router). A pattern may be added once
  /// per method; a second time ends the process (LOQUAT_CHECK).
  void add(Method method, std::string pattern, Handler handler);
  /// Takes what no pattern matches, if set.
  void set_fallback(Handler handler) { fallback_ = std::move(handler); }

  struct Match {
    const Handler* handler = nullptr;  ///< null: see `allow`
    std::string_view pattern;          ///< for metrics and logs: bounded, holds no value
    Pairs params;
    std::string allow;  ///< methods of the path, if the path matched but not the method
  };
  [[nodiscard]] Match find(Method method, std::string_view path) const;

 private:
  struct Segment {
    std::string before, name, after;  ///< name empty: `before` is the whole literal
  };
  struct Route {
    Method method;
    std::string pattern;
    std::vector<Segment> segments;
    Handler handler;
  };
  static bool matches(const Route& route, const std::vector<std::string>& parts, Pairs& params);
  std::vector<Route> routes_;  ///< most literal first
  Handler fallback_;
};

}  // namespace loquat::net
