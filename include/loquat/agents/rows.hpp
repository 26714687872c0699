#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "loquat/agents/actions.hpp"

namespace loquat::agents {

[[nodiscard]] wire::AnswerColumn to_wire(const contracts::Column& column);
[[nodiscard]] wire::AnswerInsight to_wire(const wire::InsightEvent& insight);
/// Gives the engine's columns the labels and roles that the compiler knows, by name.
void label_columns(contracts::ResultSet& rows, const std::vector<contracts::Column>& known);
/// Rows `from` to `to` as a JSON array of arrays.
[[nodiscard]] wire::RawJson rows_json(const contracts::ResultSet& rows, std::size_t from,
                                      std::size_t to);
/// One row as a JSON array without a line break.
[[nodiscard]] std::string row_json(const contracts::Row& row);
[[nodiscard]] wire::AnswerData data_of(const contracts::ResultSet& rows);
/// `data` entries of at most `rows_per_chunk` rows; one, empty, if there are none.
void emit_data(Actions& out, const contracts::ResultSet& rows, std::size_t rows_per_chunk);
/// `month` of `metric_time__month`; empty if the name says none.
[[nodiscard]] std::string grain_of(std::string_view time_column);
/// True if `word` (lower case) stands in `text`, whatever its case.
[[nodiscard]] bool mentions(std::string_view text, std::string_view word);

}  // namespace loquat::agents
