#pragma once
#include <optional>
#include <string>

#include "loquat/base/enum_names.hpp"
#include "loquat/wire/events.hpp"

namespace loquat::feedback {

/// Rows as TRL's trainers load them: sft {prompt, completion}, dpo {prompt, chosen, rejected}, kto
/// {prompt, completion, label}; each with trace_id, response_id and signal_id beside them.
enum class ExportFormat { sft, dpo, kto };

/// One line of NDJSON; nothing if this signal has no row in that format. Pure.
[[nodiscard]] std::optional<std::string> export_line(const wire::LearningSignal& signal,
                                                     ExportFormat format);

}  // namespace loquat::feedback

namespace loquat {
LOQUAT_ENUM(feedback::ExportFormat, 3,
            {{{feedback::ExportFormat::sft, "sft"},
              {feedback::ExportFormat::dpo, "dpo"},
              {feedback::ExportFormat::kto, "kto"}}});
}  // namespace loquat
