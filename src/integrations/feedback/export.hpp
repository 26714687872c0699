#pragma once
#include <optional>
#include <set>
#include <string>

#include "loquat/base/enum_names.hpp"
#include "loquat/wire/events.hpp"

namespace loquat::feedback {

/// Rows as TRL's trainers and `datasets.load_dataset("json")` load them, in the conversational form
/// (TRL, "Dataset formats and types"): sft {messages}, dpo {prompt, chosen, rejected}, kto {prompt,
/// completion, label}. Beside them in every row, always present and of one type: signal_id,
/// response_id, trace_id, metric_ids, kind (sql, query, text), weight, timestamp.
enum class ExportFormat { sft, dpo, kto };

/// Names of columns and dimensions tagged as personal data, lower case.
using TaggedNames = std::set<std::string>;

/// One line of NDJSON; nothing if this signal has no row in that format. E-mail addresses, phone
/// numbers and ids are replaced; a statement that touches a tagged column loses its literals, its
/// question the same words, and an answer's text about such a column is left out. Pure.
[[nodiscard]] std::optional<std::string> export_line(const wire::LearningSignal& signal,
                                                     ExportFormat format,
                                                     const TaggedNames& tagged);

}  // namespace loquat::feedback

namespace loquat {
LOQUAT_ENUM(feedback::ExportFormat, 3,
            {{{feedback::ExportFormat::sft, "sft"},
              {feedback::ExportFormat::dpo, "dpo"},
              {feedback::ExportFormat::kto, "kto"}}});
}  // namespace loquat
