#include "loquat/degradation/load_shedder.hpp"

#include <algorithm>

namespace loquat::degradation {

LoadLevel LoadShedder::level_of(Sample sample) const noexcept {
  const bool looks_at_memory = config_.memory_mib > 0;
  if (sample.lag >= 2 * config_.loop_lag ||
      (looks_at_memory && sample.memory_mib >= config_.memory_mib))
    return LoadLevel::overloaded;
  if (sample.lag >= config_.loop_lag ||
      (looks_at_memory && sample.memory_mib * 10 >= config_.memory_mib * 9))
    return LoadLevel::busy;
  return LoadLevel::normal;
}

bool LoadShedder::note(Sample sample, Time now) {
  const auto lag = sample.lag;
  sample.lag = std::min(lag, last_lag_);
  last_lag_ = lag;
  const auto wanted = level_of(sample);
  const auto before = level_;
  if (wanted >= level_) {
    level_ = wanted;
    since_ = now;
  } else if (now - since_ >= config_.hold) {
    level_ = wanted;  // a quiet while: down again
    since_ = now;
  }
  return level_ != before;
}

bool LoadShedder::sheds(Work work) const noexcept {
  switch (work) {
    case Work::side:
      return level_ != LoadLevel::normal;
    case Work::fresh:
      return level_ == LoadLevel::overloaded;
    case Work::kept:
      return false;
  }
  return false;
}

}  // namespace loquat::degradation
