#include "fixture.hpp"

namespace loquat::store {
namespace {

class Learnt : public StoreFixture {
 protected:
  static contracts::LearntItem item(std::string tenant, std::string id) {
    contracts::LearntItem made;
    made.tenant_id = std::move(tenant);
    made.id = std::move(id);
    made.question = "What is revenue?";
    made.query = wire::QueryShape{};
    made.query->metrics = {"revenue"};
    made.agreeing_users = {"ann"};
    made.history = {{1, contracts::LearntState::pending, "ann", "A correction.", {}, {}}};
    return made;
  }
};

TEST_F(Learnt, ItemsSurviveARestartWithTheirHistoryAndStayInTheirTenant) {
  open();
  ASSERT_TRUE(wait(store_->learnt().put(item("t1", "mem-1"))));
  ASSERT_TRUE(wait(store_->learnt().put(item("t2", "mem-1"))));
  auto changed = item("t1", "mem-1");
  changed.state = contracts::LearntState::active;
  changed.version = 2;
  ASSERT_TRUE(wait(store_->learnt().put(changed)));
  open();
  const auto own = wait(store_->learnt().list("t1", 10));
  ASSERT_TRUE(own);
  ASSERT_EQ(own->size(), 1U);
  EXPECT_EQ(own->front().version, 2);
  EXPECT_EQ(own->front().state, contracts::LearntState::active);
  EXPECT_EQ(own->front().query->metrics, std::vector<std::string>{"revenue"});
  EXPECT_EQ(own->front().history.size(), 1U);
  EXPECT_EQ(wait(store_->learnt().list("", 10))->size(), 2U);
}

TEST_F(Learnt, RemovingAnItemLeavesThatOfAnotherTenant) {
  open();
  ASSERT_TRUE(wait(store_->learnt().put(item("t1", "ver-1"))));
  ASSERT_TRUE(wait(store_->learnt().put(item("t2", "ver-1"))));
  ASSERT_TRUE(wait(store_->learnt().remove("t1", "ver-1")));
  EXPECT_TRUE(wait(store_->learnt().list("t1", 10))->empty());
  EXPECT_EQ(wait(store_->learnt().list("t2", 10))->size(), 1U);
}

TEST_F(Learnt, AChecksBeginsAreCountedOverRestartsUntilItEnds) {
  open();
  EXPECT_EQ(*wait(store_->learnt().begin_check("t1", "fb-1")), 1);
  open();
  EXPECT_EQ(*wait(store_->learnt().begin_check("t1", "fb-1")), 2);
  EXPECT_EQ(*wait(store_->learnt().begin_check("t2", "fb-1")), 1);
  ASSERT_TRUE(wait(store_->learnt().end_check("t1", "fb-1")));
  EXPECT_EQ(*wait(store_->learnt().begin_check("t1", "fb-1")), 1);
  EXPECT_EQ(*wait(store_->learnt().begin_check("t2", "fb-1")), 2);
}

TEST_F(Learnt, ChecksThatNeverEndAreForgottenAfterAThousand) {
  open();
  for (int i = 0; i <= 1'000; ++i)
    ASSERT_TRUE(wait(store_->learnt().begin_check("t1", "fb-" + std::to_string(i))));
  EXPECT_EQ(*wait(store_->learnt().begin_check("t1", "fb-0")), 1);
  EXPECT_EQ(*wait(store_->learnt().begin_check("t1", "fb-1000")), 2);
}

}  // namespace
}  // namespace loquat::store
