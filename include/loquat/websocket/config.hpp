#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "loquat/base/fields.hpp"

namespace loquat::websocket {

/// Section `ws`.
struct WebSocketConfig {
  int max_connections = 100;
  std::chrono::seconds heartbeat_interval{30};
  std::int64_t max_queue_bytes = 1 << 20;
  std::int64_t max_message_bytes = 256 << 10;
  double frames_per_second = 200;
  double frames_burst = 1'000;
  std::chrono::milliseconds stall_timeout{5'000};
  std::chrono::milliseconds drain_spread{5'000};
  bool deflate = true;
  std::int64_t deflate_min_bytes = 1024;
  int deflate_window_bits = 12;
  std::vector<std::string> allowed_origins;
  template <class V>
  void fields(V& v) {
    using namespace std::chrono_literals;
    v("max_connections", max_connections, "Most connections at a time; others get 503.",
      in(0, 100'000), env("WS_MAX_CONNECTIONS"));
    v("heartbeat_interval", heartbeat_interval,
      "Time between pings; two of them without a word end the connection.", in(1s, 10min),
      env("WS_HEARTBEAT_INTERVAL"));
    v("max_queue_bytes", max_queue_bytes, "Most bytes that wait for one slow reader.",
      in(16 << 10, 64 << 20), unit("bytes"));
    v("max_message_bytes", max_message_bytes, "Largest frame of a client.", in(1 << 10, 16 << 20),
      unit("bytes"));
    v("frames_per_second", frames_per_second,
      "Frames of one connection, pings and pieces of messages included; who sends more is closed "
      "with 1008. 0: no limit.",
      in(0, 1'000'000));
    v("frames_burst", frames_burst, "Frames of one connection that may come at once.",
      in(1, 10'000'000));
    v("stall_timeout", stall_timeout,
      "A reader whose queue is full and who takes nothing for so long is closed with 4413.",
      in(100ms, 10min));
    v("drain_spread", drain_spread,
      "A drain ends connections over this time, and each is told to come back within as much.",
      in(0ms, 1min));
    v("deflate", deflate, "Agree on permessage-deflate with clients that offer it.");
    v("deflate_min_bytes", deflate_min_bytes,
      "Smaller messages go out as they are: compressing them costs more than it saves.",
      in(0, 1 << 20), unit("bytes"));
    v("deflate_window_bits", deflate_window_bits,
      "Window of compression: 2^bits bytes, held only while one message is read or written, and "
      "not by a connection between them.",
      in(9, 15));
    v("allowed_origins", allowed_origins,
      "Origins besides our own that may connect, e.g. https://app.example.com.", format("origin"));
  }
};

}  // namespace loquat::websocket
