#pragma once
#include <string>
#include <vector>

/// A database by DuckDB's C API: a file, read only, or `:memory:`.
namespace loquat::golden {

struct Answer {
  std::string error;  ///< empty: it ran
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;  ///< as text; null is "\x01null"
};

inline const std::string kNull = "\x01null";

class Database {
 public:
  explicit Database(const std::string& path);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  [[nodiscard]] Answer run(const std::string& sql);

 private:
  void* database_ = nullptr;
  void* connection_ = nullptr;
};

}  // namespace loquat::golden
