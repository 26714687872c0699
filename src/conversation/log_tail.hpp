#pragma once
#include <map>
#include <optional>
#include <string>

#include "loquat/contracts/stores.hpp"

namespace loquat::conversation {

/// What a stored log says about its questions when the process comes back: those that have no end,
/// and the ends that were shown before their record was kept. The log is what readers have seen, so
/// it decides. Pure.
class LogTail {
 public:
  struct Question {
    std::uint64_t seq = 0;
    std::string content;
    std::optional<std::string> client_id;
  };
  /// In the log's order.
  void take(const contracts::StoredEntry& entry);
  /// By message id: asked, and neither answered nor said to be cancelled.
  [[nodiscard]] const std::map<std::string, Question>& open() const noexcept { return open_; }
  /// Seq of a question's entry; nothing if it stands before the tail.
  [[nodiscard]] std::optional<std::uint64_t> asked_at(const std::string& message_id) const;
  /// The answer of a `complete` entry, as JSON; empty if there is none.
  [[nodiscard]] std::string answer_of(const std::string& message_id) const;

 private:
  std::map<std::string, Question> open_;
  std::map<std::string, std::shared_ptr<const std::string>> ends_;
  std::map<std::string, std::uint64_t> asked_at_;
};

}  // namespace loquat::conversation
