#include "learning.hpp"

#include <algorithm>
#include <cmath>

namespace loquat::personalization {
namespace {

constexpr double kVotesMin = 3;
constexpr double kShareMin = 0.6;
constexpr std::size_t kChoicesMax = 16;
constexpr auto kHalfLife = std::chrono::hours(24 * 30);

double fading(const Profile& profile, WallTime now) {
  if (!profile.updated_at || now <= *profile.updated_at) return 1;
  const auto passed = std::chrono::duration<double>(now - *profile.updated_at);
  return std::exp2(-passed / std::chrono::duration<double>(kHalfLife));
}

const std::map<std::string, Evidence>& evidence_of(const Profile& profile, Subject subject) {
  return subject == Subject::chart ? profile.charts : profile.grains;
}

struct Winner {
  std::string choice;
  double votes = 0;
  double share = 0;
};

std::optional<Winner> winner_of(const std::map<std::string, Evidence>& evidence, double fade) {
  double total = 0;
  Winner best;
  for (const auto& [choice, e] : evidence) {
    const double votes = std::max(0.0, e.weight) * fade;
    total += votes;
    if (votes > best.votes) best = {choice, votes, 0};
  }
  if (total <= 0) return std::nullopt;
  best.share = best.votes / total;
  if (best.votes < kVotesMin || best.share < kShareMin) return std::nullopt;
  return best;
}

}  // namespace

void learn(Profile& profile, Subject subject, const std::string& choice, double votes,
           WallTime now) {
  if (choice.empty()) return;
  const double fade = fading(profile, now);
  for (auto* all : {&profile.charts, &profile.grains})
    for (auto& [_, e] : *all) e.weight *= fade;
  auto& evidence = subject == Subject::chart ? profile.charts : profile.grains;
  if (!evidence.contains(choice) && evidence.size() >= kChoicesMax) return;
  Evidence& e = evidence[choice];
  e.weight = std::max(0.0, e.weight + votes);
  ++e.seen;
  profile.updated_at = now;
}

contracts::Preferences preferences_of(const Profile& profile, WallTime now) {
  const double fade = fading(profile, now);
  contracts::Preferences out;
  const auto choose = [&](const std::optional<std::string>& set, Subject subject) {
    if (set) return *set;
    const auto winner = winner_of(evidence_of(profile, subject), fade);
    return winner ? winner->choice : std::string();
  };
  out.chart_type = choose(profile.set_chart_type, Subject::chart);
  out.grain = choose(profile.set_grain, Subject::grain);
  out.response_style = profile.set_response_style.value_or("");
  out.language_model = profile.set_language_model.value_or("");
  return out;
}

std::string explain(const Profile& profile, Subject subject, WallTime now) {
  const std::string noun = subject == Subject::chart ? "chart" : "time grain";
  const auto& set = subject == Subject::chart ? profile.set_chart_type : profile.set_grain;
  if (set) return "You set the " + noun + " " + *set + ".";
  const auto winner = winner_of(evidence_of(profile, subject), fading(profile, now));
  if (!winner) return {};
  const auto& e = evidence_of(profile, subject).at(winner->choice);
  return "The " + noun + " " + winner->choice + " is preferred: seen " + std::to_string(e.seen) +
         " times, " + std::to_string(std::lround(winner->share * 100)) +
         " % of what you chose lately.";
}

}  // namespace loquat::personalization
