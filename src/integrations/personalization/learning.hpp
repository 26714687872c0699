#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "loquat/base/clock.hpp"
#include "loquat/base/fields.hpp"
#include "loquat/base/result.hpp"
#include "loquat/contracts/turn.hpp"

namespace loquat::personalization {

/// Evidence for one choice: votes that fade, so that a changed habit wins in time.
struct Evidence {
  double weight = 0;
  std::int64_t seen = 0;
  template <class V>
  void fields(V& v) {
    v("weight", weight, "Votes, each worth half as much after thirty days.");
    v("seen", seen, "How often it was seen.");
  }
};

/// One user's profile, as it is stored and shown.
struct Profile {
  std::map<std::string, Evidence> charts, grains;
  std::optional<std::string> set_chart_type, set_grain, set_response_style;  ///< by hand: these win
  std::optional<std::string> set_language_model;
  std::optional<WallTime> updated_at;
  template <class V>
  void fields(V& v) {
    v("charts", charts, "Evidence per chart type.", len(0, 16), defaulted);
    v("grains", grains, "Evidence per time grain.", len(0, 32), defaulted);
    v("chart_type", set_chart_type, "Set by hand.",
      one_of({"line", "area", "bar", "grouped_bar", "number", "table"}));
    v("grain", set_grain, "Set by hand.", one_of({"day", "week", "month", "quarter", "year"}));
    v("response_style", set_response_style, "Set by hand.", one_of({"brief", "detailed"}));
    v("language_model", set_language_model, "Set by hand.", one_of({"always", "never"}));
    v("updated_at", updated_at, "Last change.");
  }
};

enum class Subject { chart, grain };

/// Adds `votes` (negative: against) for `choice` at `now`; older evidence fades first.
void learn(Profile& profile, Subject subject, const std::string& choice, double votes,
           WallTime now);

/// What is applied: set by hand, else learnt: at least three votes and at least 60 % of all of that
/// subject.
[[nodiscard]] contracts::Preferences preferences_of(const Profile& profile, WallTime now);

/// One sentence per subject: what is preferred and why; empty if nothing was learnt.
[[nodiscard]] std::string explain(const Profile& profile, Subject subject, WallTime now);

}  // namespace loquat::personalization
