#pragma once
#include <string>

#include "database.hpp"

namespace loquat::store {

/// A commit without fsync survives the process, not the machine: what was written last may be gone
/// after a power cut, and readers have seen it. So the file says in which life of the machine it
/// was written, and whether it was closed in order. If not, and the machine has another life now,
/// every log gets a new epoch: its tail may have been lost. `boot_id`: of this life; empty:
/// unknown.
void begin_life(Database& db, const std::string& boot_id);
/// All is on the disk.
void end_life(Database& db);

}  // namespace loquat::store
