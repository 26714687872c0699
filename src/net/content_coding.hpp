#pragma once
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "loquat/net/http.hpp"

/// Compressing whole bodies for clients that take gzip (RFC 9110, sections 8.4 and 12.5.3).
namespace loquat::net {

/// True if `Accept-Encoding` takes gzip: by its own weight, else by that of `*`.
[[nodiscard]] bool accepts_gzip(std::string_view accept_encoding) noexcept;
/// Text of some size, whole, and not encoded by its handler.
[[nodiscard]] bool is_worth_gzip(const Response& response, std::size_t bytes_min);

/// Lets others run between slices of about a millisecond. Empty if memory ran out.
[[nodiscard]] Task<std::string> gzip(std::string_view body);

/// Bodies that are served again and again (files in memory) are compressed once. Bounded.
class GzipCache {
 public:
  /// Puts the compressed body and its headers into `response`; leaves it as it is where that fails
  /// or does not pay.
  [[nodiscard]] Task<void> encode(Response& response);

 private:
  using Bytes = std::shared_ptr<const std::string>;
  std::map<Bytes, Bytes> known_;
};

}  // namespace loquat::net
