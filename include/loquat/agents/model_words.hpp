#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "loquat/contracts/result_set.hpp"

/// A language model may put a result into words, below the planner's own. Pure. What it says is
/// shown sentence by sentence, and only what the rows bear out.
namespace loquat::agents {

/// What an answer rests on, as the model may see it: personal data is masked already.
struct NarratedResult {
  std::string question, interpretation;
  std::shared_ptr<const contracts::ResultSet> rows;
  std::optional<std::string> unit;  ///< of the first metric
  std::string grain;                ///< of the time column; empty: there is none
};

struct NarrationPrompt {
  std::string system, user;
};
/// At most `rows_max` rows, and ends, extremes and change of each metric over all of them.
[[nodiscard]] NarrationPrompt make_narration_prompt(const NarratedResult& result,
                                                    std::size_t rows_max);

/// Holds a model's words back until a sentence is whole, and lets through those of which every
/// figure stands in the rows that the sentence names (or in what the prompt says of all of them),
/// whose superlatives and directions are those of the rows, and which give no causes, advice, links
/// or markup. English is read for quantities in words, superlatives and directions; figures and
/// names are held in any language.
class ModelWords {
 public:
  explicit ModelWords(NarratedResult result);
  ~ModelWords();
  ModelWords(ModelWords&&) noexcept;
  ModelWords& operator=(ModelWords&&) noexcept;
  /// Sentences that became whole with `delta` and hold, each but the first with a space before it.
  [[nodiscard]] std::string take(std::string_view delta);
  /// The last one, if it ends like a sentence. Nothing more may be taken.
  [[nodiscard]] std::string finish();
  [[nodiscard]] int shown() const noexcept;
  [[nodiscard]] int refused() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// More rows than this are not narrated.
inline constexpr std::size_t kNarratedRowsMax = 500;

}  // namespace loquat::agents
