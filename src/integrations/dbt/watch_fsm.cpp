#include "watch_fsm.hpp"

#include <algorithm>

namespace loquat::dbt {

bool WatchFsm::look(const std::string& files, Time now) {
  const bool is_at_rest = files == last_seen_;
  last_seen_ = files;
  if (!has_read_) return true;
  if (now - read_at_ >= limits_.interval) return true;
  if (!is_at_rest) return false;
  if (files != read_state_) return true;
  return !was_good_ && now - read_at_ >= pause_;
}

void WatchFsm::read(const std::string& files, bool is_good, Time now) {
  // Files that went on changing were new work, not the same failure once more.
  const bool is_same_failure = !is_good && !was_good_ && files == read_state_;
  pause_ = is_same_failure ? std::min(pause_ * 2, limits_.interval) : limits_.retry_first;
  has_read_ = true;
  was_good_ = is_good;
  read_state_ = files;
  last_seen_ = files;
  read_at_ = now;
}

}  // namespace loquat::dbt
