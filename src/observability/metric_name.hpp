#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace loquat::observability {

enum class MetricKind { counter, gauge, histogram };

/// What is wrong with a metric's name; nothing if it follows the grammar
/// `loquat_<room>_<noun>_<unit>[_total]`.
[[nodiscard]] std::optional<std::string> judge_metric_name(std::string_view name, MetricKind kind);
[[nodiscard]] bool is_label_name(std::string_view name) noexcept;

}  // namespace loquat::observability
