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
/// Another query for the item, by a person; its state stays. The last one can be had back by
/// `undo`.
void change_query(contracts::LearntItem& item, wire::QueryShape query, std::string by,
                  std::string why, WallTime now);
/// Back to the state, and the query, before the last change. Errors: conflict if there was none.
[[nodiscard]] Result<void> undo(contracts::LearntItem& item, std::string by, WallTime now);

/// Each user has one say, the last one that stands. A stance takes the place of an earlier one by
/// the same user in the same place of the same response. More than 1,000 are not counted.
void take_stance(contracts::LearntItem& item, contracts::LearntStance stance);
/// What was said by the event is taken back. True if there was anything.
bool withdraw(contracts::LearntItem& item, const std::string& event_id, const std::string& user_id);
/// What the user said in this place of this response is taken back. True if there was anything.
bool withdraw(contracts::LearntItem& item, const contracts::LearntStance& place);
/// Items of before stances were kept get one for each of their users.
void complete_stances(contracts::LearntItem& item);

}  // namespace loquat::memory
