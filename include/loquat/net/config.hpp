#pragma once
#include <chrono>
#include <cstdint>
#include <string>

#include "loquat/base/fields.hpp"

namespace loquat::net {

/// Section `http`.
struct HttpConfig {
  std::string host = "127.0.0.1";
  int port = 8000;
  std::int64_t max_body_bytes = 1 << 20;
  std::int64_t max_header_bytes = 16 << 10;
  int max_connections = 1024;
  std::chrono::milliseconds header_timeout{10'000};
  std::chrono::milliseconds body_timeout{30'000};
  std::chrono::milliseconds idle_timeout{75'000};
  std::chrono::milliseconds write_timeout{30'000};
  std::string web_root;
  template <class V>
  void fields(V& v) {
    using namespace std::chrono_literals;
    v("host", host, "Address to listen on.", len(1, 255));
    v("port", port, "Port to listen on; 0 lets the kernel choose.", in(0, 65535));
    v("max_body_bytes", max_body_bytes, "Largest request body.", in(1024, 64 << 20), unit("bytes"));
    v("max_header_bytes", max_header_bytes, "Largest request head.", in(1024, 256 << 10),
      unit("bytes"));
    v("max_connections", max_connections, "Most connections at a time.", in(1, 100'000));
    v("header_timeout", header_timeout, "Longest time for a request head.", in(100ms, 5min));
    v("body_timeout", body_timeout, "Longest time for a request body.", in(100ms, 10min));
    v("idle_timeout", idle_timeout, "Longest pause between requests.", in(100ms, 1h));
    v("write_timeout", write_timeout, "Longest time a peer may take nothing.", in(100ms, 10min));
    v("web_root", web_root, "Folder of the web page; empty: none.");
  }
};

}  // namespace loquat::net
