#pragma once
#include <set>
#include <string>
#include <string_view>
#include <vector>

/// What leaves for model tuning without what names a person. Pure.
namespace loquat::feedback {

/// Replaces e-mail addresses, phone numbers, UUIDs and runs of nine digits or more (account, card
/// and social security numbers) by `[email]`, `[phone]`, `[id]`, `[number]`. Dates and plain
/// decimal numbers stay.
[[nodiscard]] std::string redact_text(std::string_view text);

/// True if one of the tagged names stands in `text` as a word: `email`, or as the last part of a
/// dimension, `customer__email`. `tagged` in lower case.
/// Plurals count, and "full name" for `full_name`.
[[nodiscard]] bool names_any(std::string_view text, const std::set<std::string>& tagged);

/// What may be kept of a question that names a tagged column: plain words, `known` ones, tagged
/// names and numbers of up to four digits. All else, which may be a value of the column, becomes
/// `[redacted]`. `known` in lower case.
[[nodiscard]] std::string only_known_words(std::string_view text,
                                           const std::set<std::string>& known,
                                           const std::set<std::string>& tagged);

/// String literals of a statement ('' is a quote inside), without their quotes.
[[nodiscard]] std::vector<std::string> string_literals(std::string_view sql);
/// The statement with every string literal as '[redacted]', or as '?' where it would else be longer
/// than `bytes_max` and than it was; comments go whole.
[[nodiscard]] std::string without_literals(std::string_view sql, std::size_t bytes_max);
/// `text` without `words`, in any case, the longest first, each replaced by `[redacted]`. Words of
/// one letter stay. Time about the length of the text.
[[nodiscard]] std::string without_words(std::string_view text,
                                        const std::vector<std::string>& words);

}  // namespace loquat::feedback
