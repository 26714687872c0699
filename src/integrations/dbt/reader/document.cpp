#include "document.hpp"

#include <cstring>

namespace loquat::dbt {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

/// Walks balanced JSON text by its structure alone.
class Walk {
 public:
  explicit Walk(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  [[nodiscard]] char peek() {
    while (at_ != end_ && is_blank(*at_)) ++at_;
    return at_ == end_ ? '\0' : *at_;
  }
  void take() { ++at_; }
  /// A string, quotes included.
  [[nodiscard]] std::string_view string() {
    const char* const begin = at_++;
    while (at_ != end_) {
      const auto* quote =
          static_cast<const char*>(std::memchr(at_, '"', static_cast<std::size_t>(end_ - at_)));
      if (quote == nullptr) break;
      const char* back = quote;
      while (back != at_ && back[-1] == '\\') --back;
      at_ = quote + 1;
      if (((quote - back) & 1) == 0) return since(begin);
    }
    at_ = end_;
    return since(begin);
  }
  [[nodiscard]] std::string_view value() {
    const char first = peek();
    if (first == '"') return string();
    const char* const begin = at_;
    if (first != '{' && first != '[') {
      while (at_ != end_ && *at_ != ',' && *at_ != '}' && *at_ != ']' && !is_blank(*at_)) ++at_;
      return since(begin);
    }
    std::size_t depth = 0;
    while (at_ != end_) {
      const char c = *at_;
      if (c == '"') {
        static_cast<void>(string());
        continue;
      }
      ++at_;
      if (c == '{' || c == '[') ++depth;
      if ((c == '}' || c == ']') && --depth == 0) break;
    }
    return since(begin);
  }

 private:
  [[nodiscard]] std::string_view since(const char* begin) const {
    return {begin, static_cast<std::size_t>(at_ - begin)};
  }
  const char* at_;
  const char* end_;
};

/// `use(name with quotes or empty, value)` for every item of an object or array.
template <class Use>
void for_each_item(std::string_view container, const Use& use) {
  Walk walk(container);
  const bool is_object = walk.peek() == '{';
  walk.take();
  for (char c = walk.peek(); c != '}' && c != ']' && c != '\0'; c = walk.peek()) {
    if (c == ',') {
      walk.take();
      continue;
    }
    std::string_view name;
    if (is_object) {
      if (c != '"') return;
      name = walk.string();
      if (walk.peek() != ':') return;
      walk.take();
    }
    const std::string_view value = walk.value();
    if (value.empty()) return;
    use(name, value);
  }
}

std::string plain(std::string_view quoted) {
  if (quoted.find('\\') == std::string_view::npos)
    return std::string(quoted.substr(1, quoted.size() - 2));
  JsonReader reader;
  const Json* name = reader.read(quoted);
  return std::string(name != nullptr ? name->text() : quoted);
}

}  // namespace

Document::Document(std::string_view text, std::string_view artifact,
                   std::vector<contracts::ImportProblem>& problems)
    : artifact_(artifact), problems_(&problems) {
  for_each_item(text, [&](std::string_view name, std::string_view value) {
    members_.insert_or_assign(name.substr(1, name.size() - 2), value);
  });
}

void Document::use_slice(std::string_view slice, const std::string& pointer, const Use& use) const {
  const Json nothing{};
  JsonReader reader;
  const Json* value = reader.read(slice);
  const Place place(value != nullptr ? *value : nothing, artifact_, pointer, *problems_);
  if (value == nullptr)
    place.report("is not JSON; left out");
  else
    use(place);
}

void Document::each(std::string_view key, const Use& use) const {
  const auto found = members_.find(key);
  if (found == members_.end() || found->second == "null") return;
  const std::string pointer = "/" + std::string(key);
  if (found->second.front() != '{' && found->second.front() != '[') {
    use_slice(found->second, pointer, [](const Place& place) { static_cast<void>(place.each()); });
    return;
  }
  std::size_t index = 0;
  for_each_item(found->second, [&](std::string_view name, std::string_view value) {
    const std::string item = name.empty() ? std::to_string(index) : escaped_pointer(plain(name));
    ++index;
    use_slice(value, pointer + "/" + item, use);
  });
}

void Document::with(std::string_view key, const Use& use) const {
  const auto found = members_.find(key);
  const std::string_view slice = found == members_.end() ? "null" : found->second;
  use_slice(slice, "/" + std::string(key), use);
}

}  // namespace loquat::dbt
