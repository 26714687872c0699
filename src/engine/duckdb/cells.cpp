#include "cells.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace loquat::engine {
namespace {

using contracts::Cell;
using contracts::ColumnType;

template <class T>
T value_at(duckdb_vector vector, idx_t row) {
  return static_cast<const T*>(duckdb_vector_get_data(vector))[row];
}

double power_of_ten(int exponent) {
  double out = 1;
  for (int i = 0; i < exponent; ++i) out *= 10;
  return out;
}

/// Both operands are exact up to 2^53 and 10^22, so the quotient is the nearest double.
double scaled(std::int64_t value, int scale) {
  return static_cast<double>(value) / power_of_ten(scale);
}

double scaled_wide(duckdb_hugeint value, int scale) {
  const bool fits = (value.upper == 0 && value.lower <= (1ULL << 53)) ||
                    (value.upper == -1 && value.lower >= ~0ULL - (1ULL << 53));
  if (fits && scale <= 22) return scaled(static_cast<std::int64_t>(value.lower), scale);
  return static_cast<double>(static_cast<long double>(duckdb_hugeint_to_double(value)) /
                             static_cast<long double>(power_of_ten(scale)));
}

std::string date_text(duckdb_date_struct date) {
  std::array<char, 32> out{};
  const int size = std::snprintf(out.data(), out.size(), "%04d-%02d-%02d", date.year,
                                 static_cast<int>(date.month), static_cast<int>(date.day));
  return {out.data(), static_cast<std::size_t>(size)};
}

/// `micros` since 1970, and further nanoseconds.
std::string timestamp_text(std::int64_t micros, int nanos) {
  const duckdb_timestamp_struct parts = duckdb_from_timestamp({micros});
  std::array<char, 32> clock{};
  const int size = std::snprintf(
      clock.data(), clock.size(), "T%02d:%02d:%02d", static_cast<int>(parts.time.hour),
      static_cast<int>(parts.time.min), static_cast<int>(parts.time.sec));
  std::string out = date_text(parts.date);
  out.append(clock.data(), static_cast<std::size_t>(size));
  if (parts.time.micros == 0 && nanos == 0) return out;
  std::array<char, 16> fraction{};
  static_cast<void>(std::snprintf(fraction.data(), fraction.size(), ".%06d%03d",
                                  static_cast<int>(parts.time.micros), nanos));
  std::string digits = fraction.data();
  digits.erase(digits.find_last_not_of('0') + 1);
  return out + digits;
}

Cell decimal(const ColumnReader& reader, duckdb_vector vector, idx_t row) {
  switch (reader.inner) {
    case DUCKDB_TYPE_SMALLINT:
      return scaled(value_at<std::int16_t>(vector, row), reader.scale);
    case DUCKDB_TYPE_INTEGER:
      return scaled(value_at<std::int32_t>(vector, row), reader.scale);
    case DUCKDB_TYPE_BIGINT: {
      const auto value = value_at<std::int64_t>(vector, row);
      return scaled_wide({static_cast<std::uint64_t>(value), value < 0 ? -1 : 0}, reader.scale);
    }
    default:
      return scaled_wide(value_at<duckdb_hugeint>(vector, row), reader.scale);
  }
}

Cell unsigned_cell(std::uint64_t value) {
  if (value <= static_cast<std::uint64_t>(INT64_MAX)) return static_cast<std::int64_t>(value);
  return static_cast<double>(value);
}

Cell wide_cell(duckdb_hugeint value) {
  const auto low = static_cast<std::int64_t>(value.lower);
  if ((value.upper == 0 && low >= 0) || (value.upper == -1 && low < 0)) return low;
  return duckdb_hugeint_to_double(value);
}

Cell floating(double value) {
  if (std::isfinite(value)) return value;
  return std::monostate{};  // JSON has no infinity
}

Cell timestamp_cell(std::int64_t value, std::int64_t per_second) {
  if (value == INT64_MAX || value == -INT64_MAX)
    return std::string(value < 0 ? "-infinity" : "infinity");
  if (per_second == 1'000'000'000) {
    std::int64_t micros = value / 1000, rest = value % 1000;
    if (rest < 0) rest += 1000, --micros;
    return timestamp_text(micros, static_cast<int>(rest));
  }
  return timestamp_text(value * (1'000'000 / per_second), 0);
}

Cell date_cell(duckdb_date value) {
  if (!duckdb_is_finite_date(value)) return std::string(value.days < 0 ? "-infinity" : "infinity");
  return date_text(duckdb_from_date(value));
}

std::string native_name(duckdb_logical_type type) {
  switch (duckdb_get_type_id(type)) {
    case DUCKDB_TYPE_BOOLEAN:
      return "BOOLEAN";
    case DUCKDB_TYPE_TINYINT:
      return "TINYINT";
    case DUCKDB_TYPE_SMALLINT:
      return "SMALLINT";
    case DUCKDB_TYPE_INTEGER:
      return "INTEGER";
    case DUCKDB_TYPE_BIGINT:
      return "BIGINT";
    case DUCKDB_TYPE_UTINYINT:
      return "UTINYINT";
    case DUCKDB_TYPE_USMALLINT:
      return "USMALLINT";
    case DUCKDB_TYPE_UINTEGER:
      return "UINTEGER";
    case DUCKDB_TYPE_UBIGINT:
      return "UBIGINT";
    case DUCKDB_TYPE_FLOAT:
      return "FLOAT";
    case DUCKDB_TYPE_DOUBLE:
      return "DOUBLE";
    case DUCKDB_TYPE_HUGEINT:
      return "HUGEINT";
    case DUCKDB_TYPE_UHUGEINT:
      return "UHUGEINT";
    case DUCKDB_TYPE_DATE:
      return "DATE";
    case DUCKDB_TYPE_TIME:
      return "TIME";
    case DUCKDB_TYPE_TIMESTAMP:
      return "TIMESTAMP";
    case DUCKDB_TYPE_TIMESTAMP_S:
      return "TIMESTAMP_S";
    case DUCKDB_TYPE_TIMESTAMP_MS:
      return "TIMESTAMP_MS";
    case DUCKDB_TYPE_TIMESTAMP_NS:
      return "TIMESTAMP_NS";
    case DUCKDB_TYPE_TIMESTAMP_TZ:
      return "TIMESTAMP WITH TIME ZONE";
    case DUCKDB_TYPE_VARCHAR:
      return "VARCHAR";
    case DUCKDB_TYPE_BLOB:
      return "BLOB";
    case DUCKDB_TYPE_INTERVAL:
      return "INTERVAL";
    case DUCKDB_TYPE_ENUM:
      return "ENUM";
    case DUCKDB_TYPE_LIST:
      return "LIST";
    case DUCKDB_TYPE_STRUCT:
      return "STRUCT";
    case DUCKDB_TYPE_MAP:
      return "MAP";
    case DUCKDB_TYPE_ARRAY:
      return "ARRAY";
    case DUCKDB_TYPE_UUID:
      return "UUID";
    case DUCKDB_TYPE_SQLNULL:
      return "NULL";
    case DUCKDB_TYPE_DECIMAL:
      return "DECIMAL(" + std::to_string(duckdb_decimal_width(type)) + "," +
             std::to_string(duckdb_decimal_scale(type)) + ")";
    default:
      return "OTHER";
  }
}

}  // namespace

ColumnType column_type(duckdb_logical_type type, std::string& native) {
  native = native_name(type);
  switch (duckdb_get_type_id(type)) {
    case DUCKDB_TYPE_BOOLEAN:
      return ColumnType::boolean;
    case DUCKDB_TYPE_TINYINT:
    case DUCKDB_TYPE_SMALLINT:
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_UTINYINT:
    case DUCKDB_TYPE_USMALLINT:
    case DUCKDB_TYPE_UINTEGER:
    case DUCKDB_TYPE_UBIGINT:
    case DUCKDB_TYPE_HUGEINT:
    case DUCKDB_TYPE_UHUGEINT:
      return ColumnType::integer;
    case DUCKDB_TYPE_FLOAT:
    case DUCKDB_TYPE_DOUBLE:
      return ColumnType::number;
    case DUCKDB_TYPE_DECIMAL:
      return ColumnType::decimal;
    case DUCKDB_TYPE_VARCHAR:
    case DUCKDB_TYPE_UUID:
    case DUCKDB_TYPE_ENUM:
      return ColumnType::text;
    case DUCKDB_TYPE_DATE:
      return ColumnType::date;
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_S:
    case DUCKDB_TYPE_TIMESTAMP_MS:
    case DUCKDB_TYPE_TIMESTAMP_NS:
    case DUCKDB_TYPE_TIMESTAMP_TZ:
      return ColumnType::timestamp;
    default:
      return ColumnType::other;
  }
}

ColumnReader reader_of(duckdb_logical_type type) {
  ColumnReader out{duckdb_get_type_id(type), DUCKDB_TYPE_INVALID, 0};
  if (out.type == DUCKDB_TYPE_DECIMAL) {
    out.inner = duckdb_decimal_internal_type(type);
    out.scale = duckdb_decimal_scale(type);
  }
  return out;
}

bool is_plain(duckdb_type type) noexcept {
  switch (type) {
    case DUCKDB_TYPE_BOOLEAN:
    case DUCKDB_TYPE_TINYINT:
    case DUCKDB_TYPE_SMALLINT:
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_UTINYINT:
    case DUCKDB_TYPE_USMALLINT:
    case DUCKDB_TYPE_UINTEGER:
    case DUCKDB_TYPE_UBIGINT:
    case DUCKDB_TYPE_HUGEINT:
    case DUCKDB_TYPE_FLOAT:
    case DUCKDB_TYPE_DOUBLE:
    case DUCKDB_TYPE_DECIMAL:
    case DUCKDB_TYPE_VARCHAR:
    case DUCKDB_TYPE_DATE:
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_S:
    case DUCKDB_TYPE_TIMESTAMP_MS:
    case DUCKDB_TYPE_TIMESTAMP_NS:
    case DUCKDB_TYPE_TIMESTAMP_TZ:
    case DUCKDB_TYPE_SQLNULL:
      return true;
    default:
      return false;
  }
}

Cell read_cell(const ColumnReader& reader, duckdb_vector vector, idx_t row) {
  std::uint64_t* validity = duckdb_vector_get_validity(vector);
  if (validity != nullptr && !duckdb_validity_row_is_valid(validity, row)) return std::monostate{};
  switch (reader.type) {
    case DUCKDB_TYPE_BOOLEAN:
      return value_at<bool>(vector, row);
    case DUCKDB_TYPE_TINYINT:
      return std::int64_t{value_at<std::int8_t>(vector, row)};
    case DUCKDB_TYPE_SMALLINT:
      return std::int64_t{value_at<std::int16_t>(vector, row)};
    case DUCKDB_TYPE_INTEGER:
      return std::int64_t{value_at<std::int32_t>(vector, row)};
    case DUCKDB_TYPE_BIGINT:
      return value_at<std::int64_t>(vector, row);
    case DUCKDB_TYPE_UTINYINT:
      return std::int64_t{value_at<std::uint8_t>(vector, row)};
    case DUCKDB_TYPE_USMALLINT:
      return std::int64_t{value_at<std::uint16_t>(vector, row)};
    case DUCKDB_TYPE_UINTEGER:
      return std::int64_t{value_at<std::uint32_t>(vector, row)};
    case DUCKDB_TYPE_UBIGINT:
      return unsigned_cell(value_at<std::uint64_t>(vector, row));
    case DUCKDB_TYPE_HUGEINT:
      return wide_cell(value_at<duckdb_hugeint>(vector, row));
    case DUCKDB_TYPE_FLOAT:
      return floating(value_at<float>(vector, row));
    case DUCKDB_TYPE_DOUBLE:
      return floating(value_at<double>(vector, row));
    case DUCKDB_TYPE_DECIMAL:
      return decimal(reader, vector, row);
    case DUCKDB_TYPE_DATE:
      return date_cell(value_at<duckdb_date>(vector, row));
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_TZ:
      return timestamp_cell(value_at<std::int64_t>(vector, row), 1'000'000);
    case DUCKDB_TYPE_TIMESTAMP_S:
      return timestamp_cell(value_at<std::int64_t>(vector, row), 1);
    case DUCKDB_TYPE_TIMESTAMP_MS:
      return timestamp_cell(value_at<std::int64_t>(vector, row), 1000);
    case DUCKDB_TYPE_TIMESTAMP_NS:
      return timestamp_cell(value_at<std::int64_t>(vector, row), 1'000'000'000);
    case DUCKDB_TYPE_VARCHAR: {
      auto text = value_at<duckdb_string_t>(vector, row);
      return std::string(duckdb_string_t_data(&text), duckdb_string_t_length(text));
    }
    default:
      return std::monostate{};
  }
}

}  // namespace loquat::engine
