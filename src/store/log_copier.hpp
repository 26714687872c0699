#pragma once
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace loquat::store {

/// Copies SQLite's write-ahead log back into the file on a thread of its own, so that no call waits
/// for that and its fsync (sqlite.org/wal.html, "Performance Considerations": a checkpoint in a
/// separate thread). What it cannot finish while commits go on, the writer ends: by then little is
/// left, and the log begins anew.
class LogCopier {
 public:
  enum class Step { none, copy_here };

  explicit LogCopier(std::string path);
  ~LogCopier();
  LogCopier(const LogCopier&) = delete;
  LogCopier& operator=(const LogCopier&) = delete;

  /// Writer thread, after each commit: `frames` are in the log now. copy_here: the writer is to
  /// copy what is left.
  [[nodiscard]] Step committed(int frames);

 private:
  void loop();
  void copy();

  const std::string path_;
  int last_frames_ = 0;          // writer thread only
  std::atomic<int> copied_ = 0;  // frames of the log as it stands, from its beginning
  std::atomic<bool> is_busy_ = false;
  std::mutex mutex_;
  std::condition_variable wanted_;
  bool is_wanted_ = false;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace loquat::store
