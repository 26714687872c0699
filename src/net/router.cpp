#include "loquat/net/router.hpp"

#include <algorithm>

#include "loquat/base/check.hpp"

namespace loquat::net {
namespace {

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> parts;
  if (path.starts_with('/')) path.remove_prefix(1);
  for (;;) {
    const auto slash = path.find('/');
    parts.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return parts;
    path.remove_prefix(slash + 1);
  }
}

}  // namespace

void Router::add(Method method, std::string pattern, Handler handler) {
  Route route{method, std::move(pattern), {}, std::move(handler)};
  std::string order;  // of literal and parameter segments: literal sorts first at each place
  for (const auto part : split(route.pattern)) {
    Segment segment;
    const auto open = part.find('{');
    if (open == std::string_view::npos) {
      segment.before = part;
    } else {
      const auto close = part.find('}', open);
      LOQUAT_CHECK(close != std::string_view::npos && close > open + 1);
      segment.before = part.substr(0, open);
      segment.name = part.substr(open + 1, close - open - 1);
      segment.after = part.substr(close + 1);
    }
    route.segments.push_back(std::move(segment));
  }
  for (const auto& known : routes_)
    LOQUAT_CHECK(known.method != method || known.pattern != route.pattern);
  const auto literal_first = [](const Route& a, const Route& b) {
    return std::ranges::lexicographical_compare(
        a.segments, b.segments, {}, [](const Segment& s) { return !s.name.empty(); },
        [](const Segment& s) { return !s.name.empty(); });
  };
  routes_.insert(std::ranges::upper_bound(routes_, route, literal_first), std::move(route));
}

bool Router::matches(const Route& route, const std::vector<std::string>& parts, Pairs& params) {
  if (route.segments.size() != parts.size()) return false;
  params.clear();
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto& segment = route.segments[i];
    const std::string_view part = parts[i];
    if (segment.name.empty()) {
      if (part != segment.before) return false;
      continue;
    }
    const auto fixed = segment.before.size() + segment.after.size();
    if (part.size() <= fixed || !part.starts_with(segment.before) || !part.ends_with(segment.after))
      return false;
    params.emplace_back(segment.name, part.substr(segment.before.size(), part.size() - fixed));
  }
  return true;
}

Router::Match Router::find(Method method, std::string_view path) const {
  Match match;
  std::vector<std::string> parts;
  for (const auto raw : split(path)) {
    auto part = percent_decode(raw, false);
    if (!part) return match;
    parts.push_back(std::move(*part));
  }
  const auto wanted = method == Method::head ? Method::get : method;
  Pairs params;
  for (const auto& route : routes_) {
    if (!matches(route, parts, params)) continue;
    if (route.method == wanted) {
      match.handler = &route.handler;
      match.pattern = route.pattern;
      match.params = std::move(params);
      match.allow.clear();
      return match;
    }
    // What stands there literally is that resource alone: a parameter beside it means others.
    if (!match.pattern.empty() && match.pattern != route.pattern) break;
    match.pattern = route.pattern;
    const auto name = name_of(route.method);
    if (lists_token(match.allow, name)) continue;
    if (!match.allow.empty()) match.allow += ", ";
    match.allow += name;
    if (route.method == Method::get) match.allow += ", HEAD";
  }
  if (match.allow.empty() && fallback_) {
    match.handler = &fallback_;
    match.pattern = "(fallback)";
  }
  return match;
}

}  // namespace loquat::net
