#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Just enough of SQL's words to look into an expression without parsing it.
namespace loquat::semantic {

struct SqlToken {
  enum class Kind { space, word, quoted, string, number, symbol, comment, broken };
  Kind kind = Kind::space;
  std::string_view text;
};

/// The tokens of `sql`, nothing dropped: their texts put together are `sql`.
[[nodiscard]] std::vector<SqlToken> tokenize_sql(std::string_view sql);

/// `expr` with each column name prefixed by `alias.`. `is_column` says which bare words are columns
/// (lower case); if it is empty, every word is that is no SQL word, function or type.
[[nodiscard]] std::string qualify(std::string_view expr, std::string_view alias,
                                  const std::function<bool(std::string_view)>& is_column);
/// The bare words of `expr` that may be column names.
[[nodiscard]] std::vector<std::string> column_words(std::string_view expr);
/// `expr` with each bare word for which `replacement` gives a text replaced by that.
[[nodiscard]] std::string substitute(
    std::string_view expr,
    const std::function<std::optional<std::string>(std::string_view)>& replacement);

/// A single name: word, or quoted word.
[[nodiscard]] bool is_plain_name(std::string_view expr);
/// A name, dotted name, number or call: needs no parentheses inside a larger expression.
[[nodiscard]] bool is_atomic(std::string_view expr);
[[nodiscard]] std::string in_parentheses(std::string_view expr);
/// `name`, quoted if SQL would not take it bare.
[[nodiscard]] std::string identifier(std::string_view name);
[[nodiscard]] std::string sql_string(std::string_view text);
/// The shortest text that reads back as `value`.
[[nodiscard]] std::string plain_number(double value);

/// Why `sql` is no plain expression of values (a subquery, a comment, a function that is not on the
/// list…); nothing if it is one.
[[nodiscard]] std::optional<std::string> objection_to_expression(std::string_view sql);

}  // namespace loquat::semantic
