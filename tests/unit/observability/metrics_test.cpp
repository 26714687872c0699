#include "loquat/observability/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <stdexcept>

#include "loquat/observability/fact.hpp"

namespace loquat::observability {
namespace {

using ::testing::HasSubstr;

TEST(Metrics, CountersGaugesAndHistogramsArePrintedAsPrometheusText) {
  static constexpr std::array kBounds{0.1, 1.0};
  MetricsRegistry metrics;
  metrics.counter("loquat_test_lost_events_total", "Lost.", {label("level", Level::error)}).add(2);
  metrics.gauge("loquat_test_buffer_size_bytes", "Held.").set(1.5);
  auto histogram = metrics.histogram("loquat_test_call_duration_seconds", "Time.", {}, kBounds);
  histogram.observe(0.1);
  histogram.observe(0.5);
  histogram.observe(7);
  EXPECT_EQ(metrics.render(),
            "# HELP loquat_test_buffer_size_bytes Held.\n"
            "# TYPE loquat_test_buffer_size_bytes gauge\n"
            "loquat_test_buffer_size_bytes 1.5\n"
            "# HELP loquat_test_call_duration_seconds Time.\n"
            "# TYPE loquat_test_call_duration_seconds histogram\n"
            "loquat_test_call_duration_seconds_bucket{le=\"0.1\"} 1\n"
            "loquat_test_call_duration_seconds_bucket{le=\"1\"} 2\n"
            "loquat_test_call_duration_seconds_bucket{le=\"+Inf\"} 3\n"
            "loquat_test_call_duration_seconds_sum 7.6\n"
            "loquat_test_call_duration_seconds_count 3\n"
            "# HELP loquat_test_lost_events_total Lost.\n"
            "# TYPE loquat_test_lost_events_total counter\n"
            "loquat_test_lost_events_total{level=\"error\"} 2\n");
}

TEST(Metrics, SameNameAndLabelsAreTheSameCell) {
  MetricsRegistry metrics;
  auto one = metrics.counter("loquat_test_lost_events_total", "Lost.");
  auto two = metrics.counter("loquat_test_lost_events_total", "Lost.");
  one.add();
  two.add();
  EXPECT_EQ(one.value(), 2);
}

TEST(Metrics, HandleWithoutARegistryCountsNowhere) {
  Counter counter;
  counter.add();
  Histogram histogram;
  histogram.observe(1);
  EXPECT_EQ(counter.value(), 0);
  EXPECT_EQ(histogram.count(), 0U);
}

TEST(Metrics, LabelValuesAreEscaped) {
  MetricsRegistry metrics;
  const Labels labels{fixed_label("route", "a\"b\\c\nd")};
  metrics.gauge("loquat_test_open_streams", "Open.", labels).set(1);
  EXPECT_THAT(metrics.render(), HasSubstr("route=\"a\\\"b\\\\c\\nd\""));
}

TEST(Metrics, NamesAgainstTheGrammarAreRefused) {
  MetricsRegistry metrics;
  const auto gauge = [&](std::string_view name) { return metrics.gauge(name, "x"); };
  EXPECT_THROW((void)gauge("test_open_streams_total"), std::invalid_argument);
  EXPECT_THROW((void)gauge("loquat_test_seconds"), std::invalid_argument);
  EXPECT_THROW((void)gauge("loquat_test_Open_streams"), std::invalid_argument);
  EXPECT_THROW((void)gauge("loquat_test_call_duration_ms"), std::invalid_argument);
  EXPECT_THROW((void)gauge("loquat_test_lost_events_total"), std::invalid_argument);
  EXPECT_THROW((void)metrics.counter("loquat_test_lost_events", "x"), std::invalid_argument);
}

TEST(Metrics, OneNameHasOneKind) {
  MetricsRegistry metrics;
  metrics.gauge("loquat_test_open_streams", "Open.").set(1);
  EXPECT_THROW((void)metrics.histogram("loquat_test_open_streams", "Open."), std::invalid_argument);
}

TEST(Metrics, LabelSetsAreBounded) {
  MetricsRegistry metrics;
  const auto add = [&](std::size_t i) {
    const Labels labels{fixed_label("route", std::to_string(i))};
    metrics.gauge("loquat_test_open_streams", "Open.", labels).set(1);
  };
  for (std::size_t i = 0; i < MetricsRegistry::kSeriesMax; ++i) add(i);
  EXPECT_THROW(add(MetricsRegistry::kSeriesMax), std::invalid_argument);
  EXPECT_NO_THROW(add(0));
}

}  // namespace
}  // namespace loquat::observability
