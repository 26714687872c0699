#pragma once
#include <chrono>
#include <string>

#include "loquat/base/clock.hpp"

namespace loquat::dbt {

/// Decides when artifacts are read again: at each interval; when the files have changed and are at
/// rest (seen the same twice, so that a file being written is left alone); and after a failure at
/// growing pauses. Pure.
class WatchFsm {
 public:
  struct Limits {
    Clock::duration interval;     ///< between two reads at the latest
    Clock::duration retry_first;  ///< after a failure; doubles up to `interval`
  };
  explicit WatchFsm(Limits limits) : limits_(limits), pause_(limits.retry_first) {}

  /// `files`: their state now (empty: none are watched). True: read them now.
  [[nodiscard]] bool look(const std::string& files, Time now);
  /// A read that began with the files in the state `files` has ended.
  void read(const std::string& files, bool is_good, Time now);

 private:
  Limits limits_;
  std::string read_state_;  ///< of the files when they were last read
  std::string last_seen_;
  bool has_read_ = false;
  bool was_good_ = true;
  Time read_at_{};
  Clock::duration pause_;
};

}  // namespace loquat::dbt
