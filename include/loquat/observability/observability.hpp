#pragma once
#include "loquat/observability/fact.hpp"           // IWYU pragma: export
#include "loquat/observability/metrics.hpp"        // IWYU pragma: export
#include "loquat/observability/telemetry.hpp"      // IWYU pragma: export
#include "loquat/observability/trace_context.hpp"  // IWYU pragma: export
