#include "loquat/degradation/load_shedder.hpp"

#include <gtest/gtest.h>

namespace loquat::degradation {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Load : public testing::Test {
 protected:
  OverloadConfig config = [] {
    OverloadConfig c;
    c.loop_lag = milliseconds(100);
    c.memory_mib = 1000;
    c.hold = seconds(2);
    return c;
  }();
  LoadShedder shedder{config};
  Time now = Time(seconds(1000));
};

TEST_F(Load, ShedsSideWorkThenNewWorkAndNeverWhatIsUnderWay) {
  shedder.note({milliseconds(100), 0}, now);
  shedder.note({milliseconds(99), 0}, now);
  shedder.note({milliseconds(100), 0}, now);
  EXPECT_FALSE(shedder.sheds(Work::side));
  EXPECT_TRUE(shedder.note({milliseconds(100), 0}, now));
  EXPECT_EQ(shedder.level(), LoadLevel::busy);
  EXPECT_TRUE(shedder.sheds(Work::side));
  EXPECT_FALSE(shedder.sheds(Work::fresh));
  EXPECT_FALSE(shedder.note({milliseconds(200), 0}, now));
  EXPECT_TRUE(shedder.note({milliseconds(200), 0}, now));
  EXPECT_EQ(shedder.level(), LoadLevel::overloaded);
  EXPECT_TRUE(shedder.sheds(Work::fresh));
  EXPECT_FALSE(shedder.sheds(Work::kept));
}
TEST_F(Load, TakesOneHiccupForNoOverload) {
  EXPECT_FALSE(shedder.note({seconds(3), 0}, now));
  EXPECT_FALSE(shedder.note({milliseconds(5), 0}, now + milliseconds(100)));
  EXPECT_EQ(shedder.level(), LoadLevel::normal);
}
TEST_F(Load, LooksAtMemoryOnlyWhereItIsLimited) {
  shedder.note({{}, 899}, now);
  EXPECT_EQ(shedder.level(), LoadLevel::normal);
  shedder.note({{}, 900}, now);
  EXPECT_EQ(shedder.level(), LoadLevel::busy);
  shedder.note({{}, 1000}, now);
  EXPECT_EQ(shedder.level(), LoadLevel::overloaded);
  config.memory_mib = 0;
  LoadShedder other(config);
  other.note({{}, 1 << 20}, now);
  EXPECT_EQ(other.level(), LoadLevel::normal);
}
TEST_F(Load, StaysForAWhileSoThatItDoesNotFlutter) {
  shedder.note({milliseconds(250), 0}, now);
  shedder.note({milliseconds(250), 0}, now);
  EXPECT_FALSE(shedder.note({milliseconds(0), 0}, now + milliseconds(1999)));
  EXPECT_EQ(shedder.level(), LoadLevel::overloaded);
  shedder.note({milliseconds(220), 0}, now + milliseconds(1999));
  shedder.note({milliseconds(220), 0}, now + milliseconds(1999));
  EXPECT_FALSE(shedder.note({milliseconds(0), 0}, now + milliseconds(3900)))
      << "the cause came back in between";
  EXPECT_TRUE(shedder.note({milliseconds(0), 0}, now + milliseconds(4000)));
  EXPECT_EQ(shedder.level(), LoadLevel::normal);
}

}  // namespace
}  // namespace loquat::degradation
