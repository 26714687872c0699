#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "semantic/language/text.hpp"

namespace loquat::semantic::language {

/// Plural and irregular English forms undone: deliveries -> delivery, sold -> sell.
[[nodiscard]] std::string stem_of(std::string_view folded);
/// What related words share: cancellation, cancelled -> cancel. Never equality by itself.
[[nodiscard]] std::string root_of(std::string_view stem);

/// Edits (insert, delete, replace, swap of neighbours) between two words, or `limit` + 1 if more.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit);
/// How many edits a word of this length may be away and still be a typing slip.
[[nodiscard]] std::size_t slips_allowed(std::size_t length);
/// True if a terse model word (`cust`, `amt`) stands for `full` (`customer`, `amount`).
[[nodiscard]] bool abbreviates(std::string_view terse, std::string_view full);

/// Words of the grammar that carry no meaning of their own: articles, auxiliaries, politeness.
[[nodiscard]] bool is_filler(const Token& token);
/// True if the word is a filler as it is written, whatever its stem.
/// Fillers that data has as values all the same: business, group, current.
[[nodiscard]] bool is_vague_text(std::string_view text);
/// `sold`, `delivered`: ends in -ed, or an irregular form of a verb.
[[nodiscard]] bool is_participle(std::string_view text);
[[nodiscard]] bool is_filler_text(std::string_view text);
/// Articles, pronouns, prepositions and their like: fillers that are no noun or verb of a name.
[[nodiscard]] bool is_function_text(std::string_view text);
/// Fillers that still tell names apart: order value, order count, total weight.
[[nodiscard]] bool is_light_noun(const Token& token);

}  // namespace loquat::semantic::language
