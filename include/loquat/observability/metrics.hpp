#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "loquat/base/enum_names.hpp"

/// Counters, gauges and histograms, printed as Prometheus text. Names follow
/// `loquat_<room>_<noun>_<unit>[_total]` in base units (seconds, bytes, ratio, or what is counted);
/// counters end in `_total`, nothing else does. Labels come from enums or from tables fixed at
/// start: never tenant, user, session or free text.
namespace loquat::observability {

/// One label. Made only from an enum (`label`) or a table fixed at start (`fixed_label`).
class Label {
 public:
  [[nodiscard]] std::string_view name() const noexcept { return name_; }
  [[nodiscard]] const std::string& value() const noexcept { return value_; }

 private:
  Label(std::string_view name, std::string value) : name_(name), value_(std::move(value)) {}
  template <NamedEnum E>
  friend Label label(std::string_view name, E value);
  friend Label fixed_label(std::string_view name, std::string_view value);
  std::string_view name_;  // a literal
  std::string value_;
};
template <NamedEnum E>
[[nodiscard]] Label label(std::string_view name, E value) {
  return Label(name, std::string(name_of(value)));
}
/// `value` from a table that is fixed at start: a route pattern, an integration's name.
[[nodiscard]] inline Label fixed_label(std::string_view name, std::string_view value) {
  return Label(name, std::string(value));
}
using Labels = std::vector<Label>;

namespace detail {
struct NumberCell {
  std::atomic<double> value{0};
};
struct HistogramCell {
  std::span<const double> bounds;
  std::unique_ptr<std::atomic<std::uint64_t>[]> counts;  // bounds.size() + 1
  std::atomic<double> sum{0};
};
}  // namespace detail

/// Handles: cheap to copy, thread safe, valid while the registry lives. A default-constructed one
/// counts nowhere. Resolve once, keep as a member.
class Counter {
 public:
  Counter() = default;
  void add(double amount = 1) noexcept {
    if (cell_) cell_->value.fetch_add(amount, std::memory_order_relaxed);
  }
  [[nodiscard]] double value() const noexcept { return cell_ ? cell_->value.load() : 0; }

 private:
  friend class MetricsRegistry;
  detail::NumberCell* cell_ = nullptr;
};
class Gauge {
 public:
  Gauge() = default;
  void set(double value) noexcept {
    if (cell_) cell_->value.store(value, std::memory_order_relaxed);
  }
  void add(double amount) noexcept {
    if (cell_) cell_->value.fetch_add(amount, std::memory_order_relaxed);
  }
  [[nodiscard]] double value() const noexcept { return cell_ ? cell_->value.load() : 0; }

 private:
  friend class MetricsRegistry;
  detail::NumberCell* cell_ = nullptr;
};
class Histogram {
 public:
  Histogram() = default;
  void observe(double value) noexcept;
  [[nodiscard]] std::uint64_t count() const noexcept;

 private:
  friend class MetricsRegistry;
  detail::HistogramCell* cell_ = nullptr;
};

/// Seconds, 1 ms to 60 s: what a latency histogram has unless it says otherwise.
[[nodiscard]] std::span<const double> latency_bounds() noexcept;

/// Thread safe. Asking twice for the same name and labels gives the same cell. Throws
/// std::invalid_argument on a name against the grammar, one name with two kinds, or more than
/// kSeriesMax label sets of one name: these are bugs.
class MetricsRegistry {
 public:
  static constexpr std::size_t kSeriesMax = 500;
  MetricsRegistry();
  ~MetricsRegistry();
  MetricsRegistry(const MetricsRegistry&) = delete;
  MetricsRegistry& operator=(const MetricsRegistry&) = delete;

  [[nodiscard]] Counter counter(std::string_view name, std::string_view help,
                                const Labels& labels = {});
  [[nodiscard]] Gauge gauge(std::string_view name, std::string_view help,
                            const Labels& labels = {});
  /// `bounds` ascending, from static storage.
  [[nodiscard]] Histogram histogram(std::string_view name, std::string_view help,
                                    const Labels& labels = {},
                                    std::span<const double> bounds = latency_bounds());
  /// Prometheus text exposition format 0.0.4, ordered by name.
  [[nodiscard]] std::string render() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};
inline constexpr std::string_view kMetricsContentType = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace loquat::observability
