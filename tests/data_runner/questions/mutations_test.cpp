#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <iostream>
#include <random>

#include "question_set.hpp"

/// Questions that are planned right are written again as people do, with slips, courtesy, shouting
/// and no punctuation. The plan must stay the same, or the planner must ask: never another query.
namespace loquat::tests {
namespace {

namespace fs = std::filesystem;
using Random = std::mt19937;
using Change = std::function<std::string(std::string, Random&)>;

struct Mutation {
  const char* name;
  Change change;
};

std::vector<std::size_t> long_words(const std::string& text) {
  constexpr std::size_t kLong = 7;
  std::vector<std::size_t> starts;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && text[end] >= 'a' && text[end] <= 'z') ++end;
    const bool whole = at == 0 || text[at - 1] == ' ';
    if (whole && end - at >= kLong && (end == text.size() || text[end] == ' '))
      starts.push_back(at);
    at = std::max(end, at + 1);
  }
  return starts;
}

std::string with_slip(std::string text, Random& random, bool swap) {
  const auto starts = long_words(text);
  if (starts.empty()) return text;
  const std::size_t at = starts[random() % starts.size()] + 2 + random() % 3;
  if (swap)
    std::swap(text[at], text[at + 1]);
  else
    text.erase(at, 1);
  return text;
}

std::vector<Mutation> mutations() {
  return {
      {"a letter left out",
       [](std::string text, Random& random) { return with_slip(std::move(text), random, false); }},
      {"two letters swapped",
       [](std::string text, Random& random) { return with_slip(std::move(text), random, true); }},
      {"courtesy",
       [](const std::string& text, Random&) { return "Hi, could you please show me " + text; }},
      {"thanks", [](const std::string& text, Random&) { return text + " please, thanks"; }},
      {"upper case",
       [](std::string text, Random&) {
         for (char& c : text)
           if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
         return text;
       }},
      {"no punctuation",
       [](std::string text, Random&) {
         std::erase_if(text, [](char c) { return c == '?' || c == '!' || c == ';'; });
         return text;
       }},
      {"lower case",
       [](std::string text, Random&) {
         for (char& c : text)
           if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
         return text;
       }},
      {"spaces", [](const std::string& text, Random&) { return "   " + text + "  ??"; }},
  };
}

class Mutations : public testing::TestWithParam<const char*> {};

TEST_P(Mutations, LeadToTheSameQueryOrToAQuestionBack) {
  const Company company = open_company(fs::path(LOQUAT_SOURCE_DIR) / GetParam());
  Random random(20251122);  // NOLINT: the same slips in every run
  std::size_t same = 0, asked = 0;
  for (const Json& dialogue : company.questions["dialogues"]) {
    semantic::PlanRequest request;
    request.question = dialogue["turns"][0]["question"].get<std::string>();
    request.today = company.today;
    request.data_start = company.data_start;
    request.data_end = company.data_end;
    const std::string original = request.question;
    const auto first = semantic::plan(*company.vocabulary, request);
    const auto* planned = std::get_if<semantic::Planned>(&first.result);
    if (planned == nullptr) continue;
    for (const Mutation& mutation : mutations()) {
      request.question = mutation.change(original, random);
      const auto again = semantic::plan(*company.vocabulary, request);
      const auto* other = std::get_if<semantic::Planned>(&again.result);
      if (other == nullptr) {
        ++asked;
        continue;
      }
      ++same;
      EXPECT_EQ(in_words(other->query), in_words(planned->query))
          << mutation.name << ": " << request.question;
    }
  }
  std::cout << GetParam() << ": " << same << " the same, " << asked << " asked back\n";
  EXPECT_GT(same, 10 * asked);
}

INSTANTIATE_TEST_SUITE_P(Companies, Mutations,
                         testing::Values("examples/orchard", "tests/data/questions/clinic",
                                         "tests/data/questions/game", "tests/data/questions/grid",
                                         "tests/data/questions/freight",
                                         "tests/data/questions/hotels",
                                         "tests/data/questions/airline"),
                         [](const auto& info) { return fs::path(info.param).filename().string(); });

}  // namespace
}  // namespace loquat::tests
