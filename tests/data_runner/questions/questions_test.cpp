#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>

#include "question_set.hpp"

namespace loquat::tests {
namespace {

namespace fs = std::filesystem;

struct Floor {
  const char* folder;
  std::size_t right_min;  ///< raise it when the planner gets better, never lower it
  std::size_t wrong_max;
};

std::string_view name_of_verdict(Verdict verdict) {
  static constexpr std::array<std::string_view, 4> kNames = {"right", "asked", "refused", "wrong"};
  return kNames[static_cast<std::size_t>(verdict)];
}

struct Score {
  std::size_t turns = 0, right = 0, asked = 0, refused = 0, wrong = 0;
};

Score print(const std::vector<Judged>& judged) {
  std::map<std::string, Score> by_kind;
  Score all;
  for (const Judged& one : judged) {
    for (Score* score : {&by_kind[one.behaviour], &all}) {
      ++score->turns;
      score->right += one.verdict == Verdict::right;
      score->asked += one.verdict == Verdict::asked;
      score->refused += one.verdict == Verdict::refused;
      score->wrong += one.verdict == Verdict::wrong;
    }
    if (one.verdict != Verdict::right)
      std::cout << name_of_verdict(one.verdict) << "  " << one.id << "  " << one.question << "\n      "
                << one.detail << "\n";
  }
  for (const auto& [kind, score] : by_kind)
    std::cout << kind << ": " << score.right << " right, " << score.asked << " asked, "
              << score.refused << " refused, " << score.wrong << " wrong of " << score.turns << "\n";
  return all;
}

class Questions : public testing::TestWithParam<Floor> {};

TEST_P(Questions, AreAnsweredRightOrAskedBack) {
  const fs::path folder = fs::path(LOQUAT_SOURCE_DIR) / GetParam().folder;
  ASSERT_TRUE(fs::exists(folder)) << folder;
  const Score score = print(judge(open_company(folder)));
  EXPECT_GE(score.right, GetParam().right_min);
  EXPECT_LE(score.wrong, GetParam().wrong_max);
}

INSTANTIATE_TEST_SUITE_P(Companies, Questions,
                         testing::Values(Floor{"examples/orchard", 51, 0}),
                         [](const auto& info) {
                           return fs::path(info.param.folder).filename().string();
                         });

}  // namespace
}  // namespace loquat::tests
