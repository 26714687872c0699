#include "loquat/semantic/known_values.hpp"

#include <algorithm>

#include "semantic/planner/frame.hpp"

namespace loquat::semantic {

namespace {

const std::vector<std::uint32_t>* value_ids(const planner::Lexicon& lexicon,
                                            std::string_view dimension) {
  const auto* entry = lexicon.dimension(dimension);
  return entry == nullptr ? nullptr : lexicon.values_of(entry->column);
}

}  // namespace

std::vector<std::string> known_values(const Vocabulary& vocabulary, std::string_view dimension,
                                      std::size_t limit) {
  const auto& lexicon = static_cast<const planner::Lexicon&>(vocabulary);
  std::vector<std::string> out;
  const auto* ids = value_ids(lexicon, dimension);
  for (std::size_t i = 0; ids != nullptr && i < ids->size() && i < limit; ++i)
    out.push_back(lexicon.values[(*ids)[i]].text);
  return out;
}

bool is_known_value(const Vocabulary& vocabulary, std::string_view dimension,
                    std::string_view value) {
  const auto& lexicon = static_cast<const planner::Lexicon&>(vocabulary);
  const auto* ids = value_ids(lexicon, dimension);
  return ids != nullptr && std::ranges::any_of(*ids, [&](std::uint32_t id) {
           return lexicon.values[id].text == value;
         });
}

std::vector<ListedValues> listed_values(const Vocabulary& vocabulary,
                                        const contracts::MetricQuery& query) {
  const auto frame = planner::to_frame(static_cast<const planner::Lexicon&>(vocabulary), query);
  std::vector<ListedValues> out;
  for (const auto& filter : frame.filters)
    if (filter.kind == planner::Filter::Kind::is_in)
      out.push_back({filter.dimension, filter.values});
  return out;
}

std::string filter_template(std::string_view dimension, const std::vector<std::string>& values,
                            bool excluded) {
  const std::string subject = planner::subject_of(dimension);
  std::string list;
  for (const auto& value : values) list += (list.empty() ? "" : ", ") + planner::quoted(value);
  const bool is_one = values.size() == 1;
  if (!excluded) return subject + (is_one ? " = " + list : " IN (" + list + ")");
  return "(" + subject + (is_one ? " <> " + list : " NOT IN (" + list + ")") + " OR " + subject +
         " IS NULL)";
}

}  // namespace loquat::semantic
