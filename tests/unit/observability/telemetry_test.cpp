#include "loquat/observability/telemetry.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/recording_telemetry.hpp"

namespace loquat::observability {

enum class Why { full, late };

}  // namespace loquat::observability
namespace loquat {
LOQUAT_ENUM(observability::Why, 2,
            {{{observability::Why::full, "full"}, {observability::Why::late, "late"}}});
}  // namespace loquat

namespace loquat::observability {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

struct Lost {
  Why reason;
  std::uint64_t count = 1;
  static constexpr Level level = Level::warning;
  static constexpr std::string_view name = "test.lost";
  static constexpr std::string_view message = "Something is lost.";
  static constexpr CounterSpec counter{"loquat_test_lost_events_total", "Lost."};
  template <class V>
  void fields(V& v) const {
    v("reason", reason);
    v("count", count);
    v("waited_ms", 1500us);
  }
  template <class V>
  void labels(V& v) const {
    v("reason", reason);
  }
  [[nodiscard]] std::uint64_t amount() const { return count; }
};
struct Asked {
  std::string_view question;
  static constexpr Level level = Level::debug;
  static constexpr std::string_view name = "test.asked";
  static constexpr std::string_view message = "A question came.";
  template <class V>
  void fields(V& v) const {
    v("question", UserText{question});
  }
};

template <Level L, class T>
concept CanLog = requires(FieldWriter<L>& writer, T value) { writer("x", value); };
static_assert(CanLog<Level::debug, UserText>);
static_assert(!CanLog<Level::info, UserText>);
static_assert(!CanLog<Level::debug, Secret>);

class TelemetryTest : public ::testing::Test {
 protected:
  static LogConfig limited() {
    LogConfig config;
    config.repeats_max = 2;
    config.repeats_window = 10s;
    return config;
  }
  ManualClock clock;
  test_support::RecordingTelemetry recorded{clock, limited()};
  Telemetry& telemetry = recorded.get();
};

TEST_F(TelemetryTest, RepeatsAreLimitedPerReasonAndTheirNumberIsTold) {
  for (int i = 0; i < 7; ++i) telemetry.emit(Lost{Why::full});
  telemetry.emit(Lost{Why::late});
  EXPECT_EQ(recorded.events("test.lost").size(), 3U);
  clock.advance(10s);
  telemetry.emit(Lost{Why::full});
  ASSERT_EQ(recorded.events("test.lost").size(), 4U);
  EXPECT_EQ(recorded.events("test.lost").back().suppressed, 5U);
}

TEST_F(TelemetryTest, CountersCountWhatIsNotWritten) {
  telemetry.set_level(Level::error);
  for (int i = 0; i < 9; ++i) telemetry.emit(Lost{Why::full, 2});
  EXPECT_TRUE(recorded.events("test.lost").empty());
  EXPECT_THAT(telemetry.metrics().render(),
              HasSubstr("loquat_test_lost_events_total{reason=\"full\"} 18\n"));
}

TEST_F(TelemetryTest, LinesBelowTheLevelAreNotWritten) {
  telemetry.emit(Asked{"who?"});
  EXPECT_TRUE(recorded.events("test.asked").empty());
  telemetry.set_level(Level::debug);
  telemetry.emit(Asked{"who?"});
  EXPECT_EQ(recorded.events("test.asked").size(), 1U);
}

TEST(LogLine, JsonAndTextAreOneLineEachWhateverTheFieldsHold) {
  LogRecord record;
  record.level = Level::error;
  record.event = "test.lost";
  record.message = "Gone.";
  record.fields = {{"text", std::string("a\"b\nc\x01 \xff")},
                   {"whole", std::int64_t{7}},
                   {"part", 0.5},
                   {"yes", true}};
  record.suppressed = 3;
  EXPECT_EQ(format_line(record, LogFormat::json),
            "{\"time\":\"1970-01-01T00:00:00.000Z\",\"level\":\"error\",\"event\":\"test.lost\","
            "\"message\":\"Gone.\",\"text\":\"a\\\"b\\nc\\u0001 ?\",\"whole\":7,\"part\":0.5,"
            "\"yes\":true,\"suppressed\":3}");
  EXPECT_EQ(format_line(record, LogFormat::text),
            "1970-01-01T00:00:00.000Z error test.lost: Gone. text=\"a\\\"b\\nc\\u0001 ?\" whole=7 "
            "part=0.5 yes=true suppressed=3");
}

}  // namespace
}  // namespace loquat::observability
