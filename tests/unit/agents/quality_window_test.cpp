#include "loquat/agents/quality_window.hpp"

#include <gtest/gtest.h>

namespace loquat::agents {
namespace {

contracts::TurnFinished turn(const std::string& tenant, double total_ms, bool is_complete = true) {
  contracts::TurnFinished out;
  out.principal.tenant_id = tenant;
  auto answer = std::make_shared<wire::Answer>();
  answer->status = is_complete ? wire::AnswerStatus::complete : wire::AnswerStatus::failed;
  answer->confidence = 0.5;
  out.answer = answer;
  out.total_ms = total_ms;
  return out;
}

TEST(QualityWindow, TellsWhatEachTenantsAnswersWereLike) {
  QualityWindow window;
  for (int ms = 1; ms <= 100; ++ms) window.note(turn("t1", ms, ms % 10 != 0));
  window.note(turn("t2", 7));
  const auto events = window.take(std::chrono::seconds(60));
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].tenant_id, "t1");
  EXPECT_EQ(events[0].window, "PT60S");
  EXPECT_EQ(events[0].metrics.at("answers"), 100);
  EXPECT_EQ(events[0].metrics.at("complete"), 90);
  EXPECT_EQ(events[0].metrics.at("confidence_mean"), 0.5);
  EXPECT_EQ(events[0].metrics.at("answer_latency_ms_p50"), 50);
  EXPECT_EQ(events[0].metrics.at("answer_latency_ms_p95"), 95);
  EXPECT_EQ(events[0].metrics.at("answer_latency_ms_max"), 100);
  EXPECT_FALSE(events[0].metrics.contains("rows_mean"));
  EXPECT_EQ(events[1].tenant_id, "t2");
  EXPECT_TRUE(window.take(std::chrono::seconds(60)).empty());
}

TEST(QualityWindow, HoldsNoMoreTenantsThanItMay) {
  QualityWindow window;
  for (std::size_t i = 0; i < QualityWindow::kTenantsMax + 3; ++i)
    window.note(turn("t" + std::to_string(i), 1));
  window.note(turn("t0", 2));
  EXPECT_EQ(window.left_out(), 3U);
  EXPECT_EQ(window.take(std::chrono::seconds(1)).size(), QualityWindow::kTenantsMax);
}

}  // namespace
}  // namespace loquat::agents
