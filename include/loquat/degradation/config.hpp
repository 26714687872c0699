#pragma once
#include <chrono>
#include <cstdint>

#include "loquat/base/fields.hpp"

namespace loquat::degradation {

struct BreakerConfig {
  std::uint32_t failures_to_open = 5;
  std::chrono::milliseconds window{30'000};
  std::chrono::milliseconds pause{1'000};
  std::chrono::milliseconds pause_max{30'000};
  std::chrono::milliseconds probe_lease{10'000};
  template <class V>
  void fields(V& v) {
    using namespace std::chrono_literals;
    v("failures_to_open", failures_to_open, "Failures within the window that open the breaker.",
      in(1, 1000));
    v("window", window, "How long a failure counts.", in(100ms, 10min));
    v("pause", pause, "First pause before a probe; doubles with each failed probe.",
      in(10ms, 10min));
    v("pause_max", pause_max, "Longest pause.", in(10ms, 60min));
    v("probe_lease", probe_lease, "A probe that has not reported by then counts as failed.",
      in(100ms, 10min));
  }
};

struct RetryConfig {
  std::uint32_t attempts_max = 3;
  std::chrono::milliseconds backoff{50};
  std::chrono::milliseconds backoff_max{1'000};
  double budget_ratio = 0.2;
  template <class V>
  void fields(V& v) {
    using namespace std::chrono_literals;
    v("attempts_max", attempts_max, "Attempts of one call, the first included.", in(1, 10));
    v("backoff", backoff, "Before the second attempt; doubles, with jitter.", in(1ms, 1min));
    v("backoff_max", backoff_max, "Longest pause between attempts.", in(1ms, 10min));
    v("budget_ratio", budget_ratio, "Retries allowed per first attempt over time.", in(0, 1));
  }
};

struct GuardConfig {
  BreakerConfig breaker;
  RetryConfig retry;
  std::chrono::milliseconds timeout{10'000};
  std::uint32_t concurrency_max = 16;
  std::uint32_t waiting_max = 64;
  template <class V>
  void fields(V& v) {
    using namespace std::chrono_literals;
    v("breaker", breaker, "When calls are refused at once.");
    v("retry", retry, "How often a call is tried again.");
    v("timeout", timeout, "Longest one attempt may take; the caller's deadline may be shorter.",
      in(10ms, 30min));
    v("concurrency_max", concurrency_max, "Calls in flight at once.", in(1, 10'000));
    v("waiting_max", waiting_max, "Calls that may wait for their turn; more are refused.",
      in(0, 100'000));
  }
};

}  // namespace loquat::degradation
