#include "watch_fsm.hpp"

#include <gtest/gtest.h>

namespace loquat::dbt {
namespace {

using namespace std::chrono_literals;

class Watch : public testing::Test {
 protected:
  WatchFsm fsm{{900s, 2s}};
  Time at(std::chrono::seconds since) const { return Time{} + since; }
};

TEST_F(Watch, ReadsAgainAtTheIntervalOnly) {
  fsm.read("a", true, at(0s));
  EXPECT_FALSE(fsm.look("a", at(2s)));
  EXPECT_FALSE(fsm.look("a", at(899s)));
  EXPECT_TRUE(fsm.look("a", at(900s)));
}

TEST_F(Watch, ReadsAChangedFileOnceItIsAtRest) {
  fsm.read("a", true, at(0s));
  EXPECT_FALSE(fsm.look("b", at(2s)));
  EXPECT_FALSE(fsm.look("c", at(4s)));  // still being written
  EXPECT_TRUE(fsm.look("c", at(6s)));
  fsm.read("c", true, at(6s));
  EXPECT_FALSE(fsm.look("c", at(8s)));
}

TEST_F(Watch, TriesAFailureAgainAtGrowingPauses) {
  fsm.read("a", false, at(0s));
  EXPECT_FALSE(fsm.look("a", at(1s)));
  EXPECT_TRUE(fsm.look("a", at(2s)));
  fsm.read("a", false, at(2s));
  EXPECT_FALSE(fsm.look("a", at(4s)));
  EXPECT_TRUE(fsm.look("a", at(6s)));
}

TEST_F(Watch, TriesAtOnceWhenTheFailedFileHasChanged) {
  fsm.read("a", false, at(0s));
  fsm.read("a", false, at(2s));
  fsm.read("a", false, at(6s));
  EXPECT_FALSE(fsm.look("b", at(7s)));
  EXPECT_TRUE(fsm.look("b", at(8s)));
}

}  // namespace
}  // namespace loquat::dbt
