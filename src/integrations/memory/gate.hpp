#pragma once
#include <string>

#include "loquat/contracts/learnt.hpp"

/// Who may make an item active, and when. Pure: no I/O, time comes in.
namespace loquat::memory {

/// Sets a new state with its version and its line of history; nothing if it has that state.
void change_state(contracts::LearntItem& item, contracts::LearntState state, std::string by,
                  std::string why, WallTime now);
/// After evidence came or went: a pending item that nothing speaks against and that enough distinct
/// users agree on becomes active; one that the threshold alone made active goes back to pending
/// when that no longer holds. What a person decided stays as it is.
void apply_threshold(contracts::LearntItem& item, std::int64_t agreeing_users_min, WallTime now);
/// Back to the state before the last change. Errors: conflict if there was none.
[[nodiscard]] Result<void> undo(contracts::LearntItem& item, std::string by, WallTime now);

/// Each user has one say: the last one counts.
void agree(contracts::LearntItem& item, const std::string& user);
void contradict(contracts::LearntItem& item, const std::string& user);
void withdraw(contracts::LearntItem& item, const std::string& user);

}  // namespace loquat::memory
