#include "content_coding.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>

#include "loquat/runtime/task.hpp"

namespace loquat::net {
namespace {

constexpr std::size_t kSliceBytes = 64U << 10U;
constexpr std::size_t kKnownMax = 256;
constexpr int kLevel = 1, kGzipBits = 15 + 16;

std::string_view trim(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

/// `q=0`, `q=0.0` and so on: not wanted.
bool is_refused(std::string_view parameters) {
  while (!parameters.empty()) {
    const auto end = parameters.find(';');
    const auto item = trim(parameters.substr(0, end));
    parameters = end == std::string_view::npos ? std::string_view{} : parameters.substr(end + 1);
    if (item.size() < 3 || (item[0] != 'q' && item[0] != 'Q') || item[1] != '=') continue;
    return item.substr(2).find_first_not_of("0.") == std::string_view::npos;
  }
  return false;
}

struct Deflating {
  Deflating() {
    is_ready = deflateInit2(&stream, kLevel, Z_DEFLATED, kGzipBits, 8, Z_DEFAULT_STRATEGY) == Z_OK;
  }
  ~Deflating() {
    if (is_ready) deflateEnd(&stream);
  }
  Deflating(const Deflating&) = delete;
  Deflating& operator=(const Deflating&) = delete;
  z_stream stream{};
  bool is_ready = false;
};

}  // namespace

bool accepts_gzip(std::string_view accept_encoding) noexcept {
  bool by_star = false;
  while (!accept_encoding.empty()) {
    const auto end = accept_encoding.find(',');
    const auto item = trim(accept_encoding.substr(0, end));
    accept_encoding =
        end == std::string_view::npos ? std::string_view{} : accept_encoding.substr(end + 1);
    const auto mark = item.find(';');
    const auto name = trim(item.substr(0, mark));
    const bool is_wanted = mark == std::string_view::npos || !is_refused(item.substr(mark + 1));
    if (equals_without_case(name, "gzip") || equals_without_case(name, "x-gzip")) return is_wanted;
    if (name == "*") by_star = is_wanted;
  }
  return by_star;
}

bool is_worth_gzip(const Response& response, std::size_t bytes_min) {
  const auto size = response.shared_body ? response.shared_body->size() : response.body.size();
  if (bytes_min == 0 || size < bytes_min || response.status != 200 || response.stream) return false;
  if (response.headers.has("Content-Encoding")) return false;
  static constexpr std::array<std::string_view, 5> kText{
      "application/json", "text/", "application/x-ndjson", "image/svg+xml", "application/wasm"};
  const auto type = response.headers.get("Content-Type");
  return std::ranges::any_of(kText, [&](auto begin) { return type.starts_with(begin); });
}

Task<std::string> gzip(std::string_view body) {
  Deflating work;
  if (!work.is_ready) co_return std::string();
  auto& stream = work.stream;
  std::string out(deflateBound(&stream, static_cast<uLong>(body.size())), '\0');
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  for (bool is_last = false; !is_last;) {
    const auto slice = body.substr(0, kSliceBytes);
    body.remove_prefix(slice.size());
    is_last = body.empty();
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(slice.data()));
    stream.avail_in = static_cast<uInt>(slice.size());
    const int rc = deflate(&stream, is_last ? Z_FINISH : Z_NO_FLUSH);
    if (rc != (is_last ? Z_STREAM_END : Z_OK)) co_return std::string();
    if (!is_last) co_await runtime::yield_to_others();
  }
  out.resize(out.size() - stream.avail_out);
  co_return out;
}

Task<void> GzipCache::encode(Response& response) {
  const auto plain = response.shared_body;
  const auto found = plain ? known_.find(plain) : known_.end();
  if (found != known_.end()) {
    response.shared_body = found->second;
  } else {
    const std::string_view body = plain ? *plain : response.body;
    auto packed = co_await gzip(body);
    const auto size = plain ? plain->size() : response.body.size();
    if (packed.empty() || packed.size() >= size) co_return;
    if (plain) {
      response.shared_body = std::make_shared<const std::string>(std::move(packed));
      if (known_.size() < kKnownMax) known_.emplace(plain, response.shared_body);
    } else {
      response.body = std::move(packed);
    }
  }
  response.headers.set("Content-Encoding", "gzip");
  // Other bytes need another strong tag; a weak one says that they mean the same.
  const std::string tag(response.headers.get("ETag"));
  if (tag.starts_with('"')) response.headers.set("ETag", "W/" + tag);
}

}  // namespace loquat::net
