#pragma once
#include <chrono>
#include <cstdint>

#include "loquat/base/clock.hpp"
#include "loquat/base/enum_names.hpp"
#include "loquat/base/fields.hpp"

namespace loquat::degradation {

/// Section `overload`.
struct OverloadConfig {
  std::chrono::milliseconds loop_lag{250};
  std::int64_t memory_mib = 0;
  std::chrono::milliseconds hold{2'000};
  template <class V>
  void fields(V& v) {
    using namespace std::chrono_literals;
    v("loop_lag", loop_lag,
      "From this lag of the event loop, seen twice in a row, on side work is refused (exports, "
      "imports, curating); from twice as much on new questions and queries too. Health, reading, "
      "running answers and feedback go on.",
      in(10ms, 1min));
    v("memory_mib", memory_mib,
      "The same by memory of the process: side work from nine tenths of it on, new work from all "
      "of it; 0: not looked at.",
      in(0, 1 << 20), unit("MiB"));
    v("hold", hold, "How long a level stays after its cause has gone.", in(0ms, 1min));
  }
};

/// What a request costs and what it is worth, in the order in which it is shed.
enum class Work {
  side,   ///< exports, imports, what curators and operators do: waits best
  fresh,  ///< new questions, queries and sessions
  kept,   ///< never shed: health, what is under way and its readers, cancelling, feedback
};
enum class LoadLevel { normal, busy, overloaded };

/// Decides what is refused while there is more to do than can be done. Pure.
class LoadShedder {
 public:
  explicit LoadShedder(OverloadConfig config) : config_(config) {}
  struct Sample {
    Clock::duration lag{};        ///< how late the loop came to a timer
    std::int64_t memory_mib = 0;  ///< resident
  };
  /// A lag counts when the sample before was as late: one hiccup of the machine is no overload.
  /// Out: true if the level has changed.
  bool note(Sample sample, Time now);
  [[nodiscard]] LoadLevel level() const noexcept { return level_; }
  [[nodiscard]] bool sheds(Work work) const noexcept;
  /// When to come back: the level stands at least so long.
  [[nodiscard]] Clock::duration retry_after() const noexcept { return config_.hold; }

 private:
  [[nodiscard]] LoadLevel level_of(Sample sample) const noexcept;
  OverloadConfig config_;
  Clock::duration last_lag_{};
  LoadLevel level_ = LoadLevel::normal;
  Time since_{};  ///< when a sample last called for this level or more
};

}  // namespace loquat::degradation

namespace loquat {
LOQUAT_ENUM(degradation::Work, 3,
            {{{degradation::Work::side, "side"},
              {degradation::Work::fresh, "fresh"},
              {degradation::Work::kept, "kept"}}});
LOQUAT_ENUM(degradation::LoadLevel, 3,
            {{{degradation::LoadLevel::normal, "normal"},
              {degradation::LoadLevel::busy, "busy"},
              {degradation::LoadLevel::overloaded, "overloaded"}}});
}  // namespace loquat
