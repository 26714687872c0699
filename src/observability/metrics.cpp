#include "loquat/observability/metrics.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <mutex>
#include <stdexcept>

#include "metric_name.hpp"

namespace loquat::observability {
namespace {

constexpr std::array kLatencyBounds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                    0.5,   1.0,    2.5,   5.0,  10.0,  30.0, 60.0};

struct Series {
  std::unique_ptr<detail::NumberCell> number;
  std::unique_ptr<detail::HistogramCell> histogram;
};
struct Family {
  MetricKind kind;
  std::string help;
  std::map<std::string, Series> series;  // by printed labels, so that the output has an order
};

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
}
std::string print_labels(const Labels& labels) {
  std::string text;
  for (const auto& one : labels) {
    if (!is_label_name(one.name()))
      throw std::invalid_argument("metric label '" + std::string(one.name()) +
                                  "' is no label name");
    if (!text.empty()) text += ',';
    text += one.name();
    text += "=\"";
    append_escaped(text, one.value());
    text += '"';
  }
  return text;
}
std::string print_number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  std::array<char, 40> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return {buffer.data(), end.ptr};
}
std::string_view kind_text(MetricKind kind) {
  switch (kind) {
    case MetricKind::counter:
      return "counter";
    case MetricKind::gauge:
      return "gauge";
    case MetricKind::histogram:
      return "histogram";
  }
  return "untyped";
}
void print_sample(std::string& out, std::string_view name, std::string_view suffix,
                  std::string_view labels, std::string_view value) {
  out += name;
  out += suffix;
  if (!labels.empty()) {
    out += '{';
    out += labels;
    out += '}';
  }
  out += ' ';
  out += value;
  out += '\n';
}
void print_histogram(std::string& out, std::string_view name, const std::string& labels,
                     const detail::HistogramCell& cell) {
  const std::string prefix = labels.empty() ? "" : labels + ",";
  std::uint64_t below = 0;
  for (std::size_t i = 0; i <= cell.bounds.size(); ++i) {
    below += cell.counts[i].load(std::memory_order_relaxed);
    const std::string bound = i < cell.bounds.size() ? print_number(cell.bounds[i]) : "+Inf";
    const std::string with_bound = prefix + "le=\"" + bound + "\"";
    print_sample(out, name, "_bucket", with_bound, std::to_string(below));
  }
  print_sample(out, name, "_sum", labels, print_number(cell.sum.load(std::memory_order_relaxed)));
  print_sample(out, name, "_count", labels, std::to_string(below));
}

}  // namespace

std::span<const double> latency_bounds() noexcept { return kLatencyBounds; }

void Histogram::observe(double value) noexcept {
  if (!cell_) return;
  const auto at = std::ranges::lower_bound(cell_->bounds, value) - cell_->bounds.begin();
  cell_->counts[static_cast<std::size_t>(at)].fetch_add(1, std::memory_order_relaxed);
  cell_->sum.fetch_add(value, std::memory_order_relaxed);
}
std::uint64_t Histogram::count() const noexcept {
  std::uint64_t all = 0;
  if (cell_)
    for (std::size_t i = 0; i <= cell_->bounds.size(); ++i) all += cell_->counts[i].load();
  return all;
}

struct MetricsRegistry::State {
  mutable std::mutex mutex;
  std::map<std::string, Family, std::less<>> families;

  // Under the mutex. Cells never move: handles point to them.
  Series& series(std::string_view name, std::string_view help, const Labels& labels,
                 MetricKind kind) {
    auto found = families.find(name);
    if (found == families.end()) {
      if (const auto wrong = judge_metric_name(name, kind))
        throw std::invalid_argument("metric " + std::string(name) + " " + *wrong);
      found = families.emplace(std::string(name), Family{kind, std::string(help), {}}).first;
    }
    Family& family = found->second;
    if (family.kind != kind)
      throw std::invalid_argument("metric " + std::string(name) + " is of another kind already");
    const auto text = print_labels(labels);
    const auto known = family.series.find(text);
    if (known != family.series.end()) return known->second;
    if (family.series.size() >= kSeriesMax)
      throw std::invalid_argument("metric " + std::string(name) + " has too many label sets");
    return family.series[text];
  }
  detail::NumberCell* number(std::string_view name, std::string_view help, const Labels& labels,
                             MetricKind kind) {
    const std::lock_guard lock(mutex);
    Series& one = series(name, help, labels, kind);
    if (!one.number) one.number = std::make_unique<detail::NumberCell>();
    return one.number.get();
  }
};

MetricsRegistry::MetricsRegistry() : state_(std::make_unique<State>()) {}
MetricsRegistry::~MetricsRegistry() = default;

Counter MetricsRegistry::counter(std::string_view name, std::string_view help,
                                 const Labels& labels) {
  Counter handle;
  handle.cell_ = state_->number(name, help, labels, MetricKind::counter);
  return handle;
}
Gauge MetricsRegistry::gauge(std::string_view name, std::string_view help, const Labels& labels) {
  Gauge handle;
  handle.cell_ = state_->number(name, help, labels, MetricKind::gauge);
  return handle;
}
Histogram MetricsRegistry::histogram(std::string_view name, std::string_view help,
                                     const Labels& labels, std::span<const double> bounds) {
  if (!std::ranges::is_sorted(bounds))
    throw std::invalid_argument("metric " + std::string(name) + " has bounds out of order");
  const std::lock_guard lock(state_->mutex);
  Series& one = state_->series(name, help, labels, MetricKind::histogram);
  if (!one.histogram) {
    one.histogram = std::make_unique<detail::HistogramCell>();
    one.histogram->bounds = bounds;
    one.histogram->counts = std::make_unique<std::atomic<std::uint64_t>[]>(bounds.size() + 1);
  }
  Histogram handle;
  handle.cell_ = one.histogram.get();
  return handle;
}

std::string MetricsRegistry::render() const {
  std::string out;
  const std::lock_guard lock(state_->mutex);
  for (const auto& [name, family] : state_->families) {
    out += "# HELP " + name + " " + family.help + "\n# TYPE " + name + " ";
    out += kind_text(family.kind);
    out += '\n';
    for (const auto& [labels, one] : family.series) {
      if (one.histogram) print_histogram(out, name, labels, *one.histogram);
      if (one.number) print_sample(out, name, "", labels, print_number(one.number->value.load()));
    }
  }
  return out;
}

}  // namespace loquat::observability
