#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

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
  std::string tls_certificate, tls_key;
  int max_connections_per_address = 256;
  std::vector<std::string> trusted_proxies{"127.0.0.1", "::1"};
  std::int64_t compress_min_bytes = 16 << 10;
  std::vector<std::string> cors_origins;
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
    v("tls_certificate", tls_certificate,
      "PEM chain of the server; with it the port speaks https and wss alone. Read again on SIGHUP "
      "and when the file changes; open connections stay.");
    v("tls_key", tls_key, "PEM file of its private key.");
    v("max_connections_per_address", max_connections_per_address,
      "Most connections of one address: a crowd behind one router fits, a flood does not.",
      in(1, 100'000));
    v("trusted_proxies", trusted_proxies,
      "Addresses without that limit: they speak for many. A proxy in front must stand here.");
    v("compress_min_bytes", compress_min_bytes,
      "Bodies of text from this size on are sent as gzip to clients that take it; 0: never.",
      in(0, 1 << 30), unit("bytes"));
    v("cors_origins", cors_origins,
      "Pages of other origins that may call, e.g. https://app.example.com; empty: none.",
      format("origin"));
    v("web_root", web_root, "Folder of the web page; empty: none.");
  }
};

}  // namespace loquat::net
