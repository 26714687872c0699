#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>

#include "loquat/base/clock.hpp"
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

/// Time per question, and how often each band of confidence was right.
void print_figures(const std::vector<Judged>& judged) {
  std::vector<double> micros;
  std::array<Score, 4> bands{};
  for (const Judged& one : judged) {
    micros.push_back(one.micros);
    if (!one.calibrates) continue;
    Score& band = bands[std::min<std::size_t>(static_cast<std::size_t>(one.confidence * 4), 3)];
    ++band.turns;
    band.right += one.best_is_right;
  }
  if (micros.empty()) return;
  std::sort(micros.begin(), micros.end());
  std::cout << "planning: p50 " << micros[micros.size() / 2] << " us, p99 "
            << micros[micros.size() * 99 / 100] << " us\n";
  for (std::size_t i = 0; i < bands.size(); ++i)
    if (bands[i].turns > 0)
      std::cout << "confidence " << i * 25 << " to " << (i + 1) * 25 << " %: " << bands[i].right
                << " best readings right of " << bands[i].turns << "\n";
}

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
      std::cout << name_of_verdict(one.verdict) << "  " << one.id << "  " << one.question
                << "\n      " << one.detail << "\n";
  }
  for (const auto& [kind, score] : by_kind)
    std::cout << kind << ": " << score.right << " right, " << score.asked << " asked, "
              << score.refused << " refused, " << score.wrong << " wrong of " << score.turns
              << "\n";
  print_figures(judged);
  return all;
}

double microseconds_now() {
  return std::chrono::duration<double, std::micro>(Clock::now().time_since_epoch()).count();
}

class Questions : public testing::TestWithParam<Floor> {};

TEST_P(Questions, AreAnsweredRightOrAskedBack) {
  const fs::path folder = fs::path(LOQUAT_SOURCE_DIR) / GetParam().folder;
  ASSERT_TRUE(fs::exists(folder)) << folder;
  const Score score = print(judge(open_company(folder), microseconds_now));
  EXPECT_GE(score.right, GetParam().right_min);
  EXPECT_LE(score.wrong, GetParam().wrong_max);
}

/// One line a question for bench/planner-calibration: the label and the evidence.
void write_evidence(const char* file, const std::string& company,
                    const std::vector<Judged>& judged) {
  std::ofstream out(file, std::ios::app);
  for (const Judged& one : judged)
    if (one.calibrates)
      out << company << ',' << one.id << ',' << one.best_is_right << ',' << one.evidence.doubt
          << ',' << one.evidence.rivalry << ',' << one.evidence.half_name << ','
          << one.evidence.lacking << ',' << one.evidence.not_known << ',' << one.evidence.length
          << ',' << one.evidence.follow_up << ',' << one.confidence << '\n';
}

/// For bench/planner: any folder, figures only.
TEST(QuestionsOfAFolder, ArePrinted) {
  const char* folder = std::getenv("LOQUAT_QUESTIONS");
  if (folder == nullptr) GTEST_SKIP() << "LOQUAT_QUESTIONS names no folder";
  const auto judged = judge(open_company(folder), microseconds_now);
  (void)print(judged);
  if (const char* file = std::getenv("LOQUAT_EVIDENCE"))
    write_evidence(file, fs::path(folder).filename().string(), judged);
}

INSTANTIATE_TEST_SUITE_P(
    Companies, Questions,
    testing::Values(
        Floor{"examples/orchard", 51, 0}, Floor{"tests/data/questions/clinic", 30, 0},
        Floor{"tests/data/questions/game", 18, 0}, Floor{"tests/data/questions/grid", 26, 0},
        Floor{"tests/data/questions/freight", 107, 0}, Floor{"tests/data/questions/campus", 100, 0},
        Floor{"tests/data/questions/waste", 100, 0}, Floor{"tests/data/questions/podcast", 38, 0},
        Floor{"tests/data/questions/hotels", 124, 0}, Floor{"tests/data/questions/airline", 54, 0},
        Floor{"tests/data/questions/insurer", 60, 2}, Floor{"tests/data/questions/port", 57, 1}),
    [](const auto& info) { return fs::path(info.param.folder).filename().string(); });

}  // namespace
}  // namespace loquat::tests
