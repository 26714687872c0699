#pragma once
// The door: one family of machines, used by every integration in the same way.
#include "loquat/degradation/bounded_buffer.hpp"
#include "loquat/degradation/breaker.hpp"
#include "loquat/degradation/config.hpp"
#include "loquat/degradation/fallback.hpp"
#include "loquat/degradation/guard.hpp"
#include "loquat/degradation/health_board.hpp"
#include "loquat/degradation/retry_budget.hpp"
#include "loquat/degradation/spool.hpp"
