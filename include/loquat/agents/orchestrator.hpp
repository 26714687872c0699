#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "loquat/agents/actions.hpp"
#include "loquat/base/sources.hpp"

namespace loquat::agents {

/// One turn as a pure machine: facts in, actions out. It owns no socket, timer or clock; randomness
/// (span ids) is injected. Order of calls: start, then planned, queried, suggested as asked for by
/// the last action; `stopped` may come at any time and ends the turn. After Finish nothing more may
/// be called.
class Orchestrator {
 public:
  Orchestrator(TurnInput input, RandomSource& random);
  ~Orchestrator();
  Orchestrator(Orchestrator&&) noexcept;

  [[nodiscard]] Actions start(Now now);
  [[nodiscard]] Actions planned(PlanDone done, Now now);
  [[nodiscard]] Actions assisted(ModelDone done, Now now);
  [[nodiscard]] Actions queried(QueryDone done, Now now);
  /// Only after AskWords and before narrated: a piece of what the model says.
  [[nodiscard]] Actions heard(std::string_view piece, Now now);
  [[nodiscard]] Actions narrated(ModelDone done, Now now);
  [[nodiscard]] Actions suggested(std::vector<wire::Suggestion> suggestions, Now now);
  /// Somebody cancelled the turn, its deadline passed, or a bug ended it: what is known so far
  /// becomes the answer.
  [[nodiscard]] Actions stopped(Error why, Now now);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace loquat::agents
