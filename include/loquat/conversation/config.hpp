#pragma once
#include <chrono>
#include <cstdint>

#include "loquat/base/fields.hpp"

namespace loquat::conversation {

struct SessionsConfig {
  std::uint64_t log_max_events = 10'000;
  std::chrono::seconds ttl{30 * 24 * 3600};
  std::uint32_t in_memory_max = 1'000;
  std::uint32_t memory_events_max = 2'000;
  std::uint64_t memory_bytes_max = 4U << 20U;
  std::uint32_t waiting_turns_max = 4;
  std::uint32_t concurrent_turns_max = 64;
  std::uint32_t tenant_turns_max = 0;
  std::uint32_t user_turns_max = 0;
  std::uint32_t line_max = 4'000;
  std::uint32_t tenant_line_max = 2'000;
  std::uint32_t user_line_max = 1'000;
  std::uint32_t message_max_bytes = 4'096;
  std::int64_t row_limit = 10'000;
  std::chrono::milliseconds turn_timeout{120'000};
  std::chrono::milliseconds suggestion_budget{50};
  std::uint32_t plans_kept_max = 1'000;
  template <class V>
  void fields(V& v) {
    using namespace std::chrono_literals;
    v("log_max_events", log_max_events, "Entries of one session's log that are kept.",
      in(100, 10'000'000));
    v("ttl", ttl, "How long a session without a question is kept.",
      in(1min, std::chrono::hours(24 * 3650)));
    v("in_memory_max", in_memory_max, "Sessions held in memory; the rest is in the store.",
      in(1, 1'000'000));
    v("memory_events_max", memory_events_max, "Entries of one session held in memory.",
      in(10, 1'000'000));
    v("memory_bytes_max", memory_bytes_max, "Bytes of one session's entries held in memory.",
      in(65'536, 1 << 30));
    v("waiting_turns_max", waiting_turns_max,
      "Questions of one session that may wait for their turn.", in(0, 100));
    v("concurrent_turns_max", concurrent_turns_max, "Turns of all sessions that run at once.",
      in(1, 10'000));
    v("tenant_turns_max", tenant_turns_max,
      "Of these, what one tenant may have; 0: all but an eighth, so that others find a free one.",
      in(0, 10'000));
    v("user_turns_max", user_turns_max, "Of these, what one user may have; 0: as the tenant.",
      in(0, 10'000));
    v("line_max", line_max,
      "Questions of all that may wait for one of these; tenants take turns, and so do the users of "
      "a tenant.",
      in(0, 1'000'000));
    v("tenant_line_max", tenant_line_max, "Of these, questions of one tenant.", in(0, 1'000'000));
    v("user_line_max", user_line_max, "Of these, questions of one user.", in(0, 1'000'000));
    v("message_max_bytes", message_max_bytes, "Longest question.", in(100, 65'536));
    v("row_limit", row_limit, "Most rows of one answer.", in(1, 1'000'000));
    v("turn_timeout", turn_timeout, "Longest a turn may take.", in(100ms, 60min));
    v("suggestion_budget", suggestion_budget, "Longest an answer waits for suggestions.",
      in(1ms, 10s));
    v("plans_kept_max", plans_kept_max,
      "Plans of questions that may be asked again, in at most 16 MiB; 0: none.", in(0, 100'000));
  }
};

}  // namespace loquat::conversation
