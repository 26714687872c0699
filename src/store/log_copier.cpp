#include "log_copier.hpp"

#include <pthread.h>
#include <sqlite3.h>

namespace loquat::store {
namespace {

/// In frames of a page each. Sessions write the same pages again and again: the more of that a copy
/// finds, the less it copies.
constexpr int kWorthCopying = 8'000;
constexpr int kLittle = 1'000;
constexpr int kMost = 32'000;  // then the writer copies whatever is left: the log stays bounded

}  // namespace

LogCopier::LogCopier(std::string path) : path_(std::move(path)), thread_([this] { loop(); }) {}

LogCopier::~LogCopier() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  wanted_.notify_one();
  thread_.join();
}

LogCopier::Step LogCopier::committed(int frames) {
  if (frames < last_frames_) copied_ = 0;  // the log began anew
  last_frames_ = frames;
  if (frames < kWorthCopying || is_busy_) return frames < kMost ? Step::none : Step::copy_here;
  const bool is_nearly_done = copied_ > 0 && frames - copied_ <= kLittle;
  if (is_nearly_done || frames >= kMost) {
    copied_ = 0;
    return Step::copy_here;
  }
  is_busy_ = true;
  {
    const std::lock_guard lock(mutex_);
    is_wanted_ = true;
  }
  wanted_.notify_one();
  return Step::none;
}

void LogCopier::loop() {
  ::pthread_setname_np(::pthread_self(), "store-copy");
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      wanted_.wait(lock, [this] { return is_wanted_ || is_stopping_; });
      if (is_stopping_) return;
      is_wanted_ = false;
    }
    copy();
    is_busy_ = false;
  }
}

/// By a connection that lives as long as this: the file may be another one next time. What fails
/// here is tried by the writer, who also says what is wrong.
void LogCopier::copy() {
  sqlite3* handle = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
  int copied = 0;
  int code = sqlite3_open_v2(path_.c_str(), &handle, flags, nullptr);
  // A connection that has read nothing does not know yet that there is a log.
  if (code == SQLITE_OK)
    code = sqlite3_exec(handle, "SELECT 1 FROM sqlite_schema", nullptr, nullptr, nullptr);
  if (code == SQLITE_OK)
    code = sqlite3_wal_checkpoint_v2(handle, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, &copied);
  if (code == SQLITE_OK && copied > 0) copied_ = copied;
  sqlite3_close_v2(handle);
}

}  // namespace loquat::store
