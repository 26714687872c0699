// rooms: sql
#include <string_view>

#include "loquat/sql/guard.hpp"
#include "loquat/sql/lineage.hpp"
#include "loquat/sql/parser.hpp"

/// Any text through the parser, the guard and the tracing of columns, in both dialects.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  static const loquat::sql::Parser parser;
  static const loquat::sql::Schema schema = [] {
    loquat::sql::Schema tables;
    tables.add("shop.main.orders", {"id", "customer_id", "total", "placed_at"});
    tables.add("shop.main.customers", {"id", "name", "region"});
    return tables;
  }();
  if (size < 1) return 0;
  const auto dialect =
      data[0] % 2 == 0 ? loquat::sql::Dialect::duckdb : loquat::sql::Dialect::trino;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (const auto statement = parser.parse(text, dialect)) {
    (void)loquat::sql::examine(*statement, dialect, parser);
    (void)loquat::sql::trace_columns(*statement, schema);
  }
  if (const auto statement = parser.parse_writing(text, dialect))
    (void)loquat::sql::trace_columns(*statement, schema);
  return 0;
}
