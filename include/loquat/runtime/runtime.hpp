#pragma once
#include "loquat/runtime/event_loop.hpp"   // IWYU pragma: export
#include "loquat/runtime/lifecycle.hpp"    // IWYU pragma: export
#include "loquat/runtime/sync.hpp"         // IWYU pragma: export
#include "loquat/runtime/task.hpp"         // IWYU pragma: export
#include "loquat/runtime/task_group.hpp"   // IWYU pragma: export
#include "loquat/runtime/timer.hpp"        // IWYU pragma: export
#include "loquat/runtime/worker_pool.hpp"  // IWYU pragma: export
