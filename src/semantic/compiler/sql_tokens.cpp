#include "compiler/sql_tokens.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <set>

#include "index/words.hpp"

namespace loquat::semantic {
namespace {

using Kind = SqlToken::Kind;
using Words = std::set<std::string_view>;

const Words kReserved = {
    "select",  "from",    "where",     "group",   "order",   "by",         "having",     "limit",
    "union",   "join",    "on",        "left",    "right",   "full",       "inner",      "outer",
    "cross",   "using",   "as",        "case",    "when",    "then",       "else",       "end",
    "and",     "or",      "not",       "in",      "is",      "null",       "true",       "false",
    "like",    "between", "distinct",  "all",     "exists",  "with",       "table",      "user",
    "column",  "default", "check",     "primary", "foreign", "references", "constraint", "create",
    "drop",    "insert",  "update",    "delete",  "set",     "values",     "offset",     "fetch",
    "for",     "to",      "desc",      "asc",     "any",     "some",       "window",     "lateral",
    "natural", "except",  "intersect", "end_",    "cast",    "grant",      "only",       "return",
    "unique",  "qualify", "pivot",     "unpivot", "analyse", "analyze",    "array",      "collate",
    "do"};

/// Words inside an expression that are never columns.
const Words kExpressionWords = {"case",         "when",
                                "then",         "else",
                                "end",          "and",
                                "or",           "not",
                                "in",           "is",
                                "null",         "true",
                                "false",        "like",
                                "ilike",        "between",
                                "escape",       "distinct",
                                "as",           "over",
                                "partition",    "order",
                                "by",           "rows",
                                "range",        "filter",
                                "where",        "within",
                                "group",        "asc",
                                "desc",         "nulls",
                                "current_date", "current_timestamp",
                                "localtime",    "localtimestamp",
                                "interval",     "cast",
                                "try_cast",     "extract",
                                "from",         "similar",
                                "to",           "at",
                                "zone",         "collate",
                                "any",          "all"};

const Words kTypes = {"date",    "timestamp", "timestamptz", "time",     "varchar", "char",
                      "text",    "string",    "integer",     "int",      "bigint",  "smallint",
                      "tinyint", "hugeint",   "double",      "float",    "real",    "decimal",
                      "numeric", "boolean",   "bool",        "precision"};

const Words kUnits = {"year",   "quarter", "month", "week",   "day",     "hour",   "minute",
                      "second", "dow",     "doy",   "isodow", "epoch",   "years",  "quarters",
                      "months", "weeks",   "days",  "hours",  "minutes", "seconds"};

const Words kFunctions = {
    "abs",       "ceil",         "ceiling",     "floor",          "round",      "trunc",
    "sign",      "mod",          "power",       "sqrt",           "ln",         "log",
    "exp",       "least",        "greatest",    "coalesce",       "nullif",     "ifnull",
    "if",        "lower",        "upper",       "trim",           "ltrim",      "rtrim",
    "length",    "substr",       "substring",   "left",           "right",      "replace",
    "concat",    "strpos",       "position",    "starts_with",    "ends_with",  "contains",
    "reverse",   "split_part",   "regexp_like", "regexp_matches", "date_trunc", "date_part",
    "date_diff", "datediff",     "date_add",    "extract",        "year",       "quarter",
    "month",     "week",         "day",         "hour",           "minute",     "second",
    "dayofweek", "day_of_week",  "dayofyear",   "day_of_year",    "date",       "cast",
    "try_cast",  "current_date", "now",         "today",          "in",         "and",
    "or",        "not",          "like",        "between",        "when",       "then",
    "else",      "case",         "decimal",     "numeric",        "varchar",    "char",
    "is",        "ilike",        "timestamp"};

bool starts_word(char c) { return std::isalpha(static_cast<unsigned char>(c)) || c == '_'; }
bool in_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '$'; }

/// Past the end of a quoted run that starts at `at`; npos if it does not end.
std::size_t end_of_quoted(std::string_view sql, std::size_t at) {
  const char quote = sql[at];
  for (std::size_t i = at + 1; i < sql.size(); ++i) {
    if (sql[i] != quote) continue;
    if (i + 1 < sql.size() && sql[i + 1] == quote)
      ++i;
    else
      return i + 1;
  }
  return std::string_view::npos;
}

SqlToken next_token(std::string_view sql, std::size_t at) {
  const char c = sql[at];
  const auto run = [&](auto belongs) {
    std::size_t end = at;
    while (end < sql.size() && belongs(sql[end])) ++end;
    return sql.substr(at, end - at);
  };
  if (std::isspace(static_cast<unsigned char>(c)))
    return {Kind::space, run([](unsigned char x) { return std::isspace(x) != 0; })};
  if (sql.substr(at, 2) == "--" || sql.substr(at, 2) == "/*" || c == '#')
    return {Kind::comment, sql.substr(at)};
  if (c == '\'' || c == '"') {
    const std::size_t end = end_of_quoted(sql, at);
    if (end == std::string_view::npos) return {Kind::broken, sql.substr(at)};
    return {c == '\'' ? Kind::string : Kind::quoted, sql.substr(at, end - at)};
  }
  if (starts_word(c) || (static_cast<unsigned char>(c) & 0x80U))
    return {Kind::word,
            run([](char x) { return in_word(x) || (static_cast<unsigned char>(x) & 0x80U); })};
  if (std::isdigit(static_cast<unsigned char>(c)))
    return {Kind::number, run([](char x) { return in_word(x) || x == '.'; })};
  for (const std::string_view two : {"<>", "!=", "<=", ">=", "||", "::", "->", "=="})
    if (sql.substr(at, 2) == two) return {Kind::symbol, sql.substr(at, 2)};
  return {Kind::symbol, sql.substr(at, 1)};
}

const SqlToken* neighbour(const std::vector<SqlToken>& tokens, std::size_t at, int step) {
  for (auto i = static_cast<std::ptrdiff_t>(at) + step;
       i >= 0 && i < static_cast<std::ptrdiff_t>(tokens.size()); i += step)
    if (tokens[static_cast<std::size_t>(i)].kind != Kind::space)
      return &tokens[static_cast<std::size_t>(i)];
  return nullptr;
}

/// A word that may be a column: no SQL word, no function's name, no type, no unit, no part of a
/// dotted name.
bool may_be_column(const std::vector<SqlToken>& tokens, std::size_t at) {
  const SqlToken& token = tokens[at];
  if (token.kind != Kind::word && token.kind != Kind::quoted) return false;
  const SqlToken* before = neighbour(tokens, at, -1);
  const SqlToken* after = neighbour(tokens, at, +1);
  if (before && (before->text == "." || before->text == "::")) return false;
  if (after && (after->text == "." || after->text == "(")) return false;
  if (token.kind == Kind::quoted) return true;
  const std::string word = lower(token.text);
  if (kExpressionWords.contains(word)) return false;
  const std::string previous = before ? lower(before->text) : std::string();
  if (previous == "as") return false;
  if (kTypes.contains(word) && after && after->kind == Kind::string) return false;
  if (kUnits.contains(word)) {
    if (before && (before->kind == Kind::number || before->kind == Kind::string)) return false;
    if (after && lower(after->text) == "from") return false;
  }
  return true;
}

bool has_subquery_word(std::string_view word) {
  static const Words kForbidden = {
      "select", "from", "with",    "union",  "insert", "update", "delete", "create", "drop",
      "alter",  "copy", "attach",  "pragma", "call",   "values", "table",  "exists", "into",
      "over",   "join", "lateral", "unnest", "set",    "load",   "install"};
  return kForbidden.contains(word);
}

}  // namespace

std::vector<SqlToken> tokenize_sql(std::string_view sql) {
  std::vector<SqlToken> out;
  for (std::size_t at = 0; at < sql.size(); at += out.back().text.size())
    out.push_back(next_token(sql, at));
  return out;
}

std::string qualify(std::string_view expr, std::string_view alias,
                    const std::function<bool(std::string_view)>& is_column) {
  const auto tokens = tokenize_sql(expr);
  const bool nested = std::ranges::any_of(tokens, [](const SqlToken& token) {
    return token.kind == Kind::word && lower(token.text) == "select";
  });
  std::string out;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    bool column = !nested && may_be_column(tokens, i);
    if (column && is_column && tokens[i].kind == Kind::word)
      column = is_column(lower(tokens[i].text));
    if (column) out.append(alias).append(".");
    out += tokens[i].text;
  }
  return out;
}

std::vector<std::string> column_words(std::string_view expr) {
  const auto tokens = tokenize_sql(expr);
  std::vector<std::string> out;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (!may_be_column(tokens, i)) continue;
    std::string_view word = tokens[i].text;
    if (tokens[i].kind == Kind::quoted) word = word.substr(1, word.size() - 2);
    out.emplace_back(word);
  }
  return out;
}

std::string substitute(
    std::string_view expr,
    const std::function<std::optional<std::string>(std::string_view)>& replacement) {
  const auto tokens = tokenize_sql(expr);
  std::string out;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    std::optional<std::string> other;
    const SqlToken* after = neighbour(tokens, i, +1);
    const SqlToken* before = neighbour(tokens, i, -1);
    const bool bare =
        !(before && before->text == ".") && !(after && (after->text == "(" || after->text == "."));
    if (tokens[i].kind == Kind::word && bare) other = replacement(tokens[i].text);
    if (other)
      out += *other;
    else
      out += tokens[i].text;
  }
  return out;
}

bool is_plain_name(std::string_view expr) {
  const auto tokens = tokenize_sql(expr);
  return tokens.size() == 1 &&
         (tokens[0].kind == Kind::quoted ||
          (tokens[0].kind == Kind::word && !kExpressionWords.contains(lower(tokens[0].text))));
}

bool is_atomic(std::string_view expr) {
  const auto tokens = tokenize_sql(expr);
  int depth = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const SqlToken& token = tokens[i];
    if (token.text == "(") {
      ++depth;
    } else if (token.text == ")") {
      --depth;
    } else if (depth == 0) {
      const bool part = token.kind == Kind::word || token.kind == Kind::quoted ||
                        token.kind == Kind::number || token.kind == Kind::string ||
                        token.text == ".";
      if (!part) return false;
    }
  }
  return true;
}

std::string in_parentheses(std::string_view expr) {
  return is_atomic(expr) ? std::string(expr) : "(" + std::string(expr) + ")";
}

std::string identifier(std::string_view name) {
  const bool bare = !name.empty() && starts_word(name[0]) && std::ranges::all_of(name, [](char c) {
    return in_word(c) && !std::isupper(static_cast<unsigned char>(c)) && c != '$';
  }) && !kReserved.contains(name);
  if (bare) return std::string(name);
  std::string out = "\"";
  for (const char c : name) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

std::string plain_number(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value);
  return {text, end.ptr};
}

std::string sql_string(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("''") : std::string(1, c);
  return out + "'";
}

std::optional<std::string> objection_to_expression(std::string_view sql) {
  const auto tokens = tokenize_sql(sql);
  int depth = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const SqlToken& token = tokens[i];
    if (token.kind == Kind::comment) return "comments are not allowed";
    if (token.kind == Kind::broken) return "a quote is not closed";
    if (token.text == ";") return "only one expression is allowed";
    if (token.text == "(") ++depth;
    if (token.text == ")" && --depth < 0) return "a parenthesis is closed that was not opened";
    if (token.kind == Kind::quoted)
      return "names stand in templates only: " + std::string(token.text);
    if (token.kind == Kind::symbol &&
        std::string_view("()+-*/%=<>!,.|:[]").find(token.text[0]) == std::string_view::npos)
      return "'" + std::string(token.text) + "' is not allowed";
    if (token.kind != Kind::word) continue;
    const std::string word = lower(token.text);
    const SqlToken* after = neighbour(tokens, i, +1);
    const SqlToken* before = neighbour(tokens, i, -1);
    const bool in_extract = word == "from" && before && kUnits.contains(lower(before->text));
    const bool is_distinct = word == "from" && before && lower(before->text) == "distinct";
    if (has_subquery_word(word) && !in_extract && !is_distinct)
      return "'" + word + "' is not allowed in a filter";
    if (after && after->text == "(") {
      if (!kFunctions.contains(word)) return "the function '" + word + "' is not allowed";
    } else if (!kExpressionWords.contains(word) && !kTypes.contains(word) &&
               !kUnits.contains(word)) {
      return "'" + word + "' is no known word; dimensions stand in templates: {{ Dimension('…') }}";
    }
  }
  if (depth != 0) return "a parenthesis is not closed";
  return std::nullopt;
}

}  // namespace loquat::semantic
