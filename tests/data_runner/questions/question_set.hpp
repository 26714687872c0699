#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "loquat/semantic/planner.hpp"

/// A folder of dbt artifacts, a warehouse or a list of values, and questions with their answers.
namespace loquat::tests {

using Json = nlohmann::json;
using Rows = std::vector<std::vector<std::optional<std::string>>>;

struct Table {
  std::vector<std::string> columns;
  Rows rows;
  std::string error;
};

/// A DuckDB file, read only.
class Warehouse {
 public:
  explicit Warehouse(const std::filesystem::path& file);
  ~Warehouse();
  Warehouse(const Warehouse&) = delete;
  Warehouse& operator=(const Warehouse&) = delete;
  [[nodiscard]] Table run(const std::string& sql) const;

 private:
  struct Handle;
  std::unique_ptr<Handle> handle_;
};

struct Company {
  std::shared_ptr<const semantic::ModelIndex> index;
  std::shared_ptr<const semantic::Vocabulary> vocabulary;
  std::unique_ptr<Warehouse> warehouse;  ///< none: plans are compared, not rows
  std::optional<Date> data_start, data_end;
  Date today;
  Json questions;
};

/// Reads `manifest.json` (or only `semantic_manifest.json`), `values.json` or a `*.duckdb`, and
/// `questions.json` of a folder; artifacts may stand in `target/`.
[[nodiscard]] Company open_company(const std::filesystem::path& folder);

/// The query in one line, for messages.
[[nodiscard]] std::string in_words(const contracts::MetricQuery& query);

enum class Verdict { right, asked, refused, wrong };
struct Judged {
  std::string id, question, behaviour, detail;
  Verdict verdict = Verdict::wrong;
  double confidence = 0;
  double micros = 0;  ///< of planning alone; 0 where nobody measures
  semantic::Evidence evidence{};
  bool best_is_right = false;  ///< the best reading is what was asked, answered or not
  bool calibrates = false;     ///< refusals by rule (personal data, writing) say nothing of that
};

/// Plans and checks every turn. `microseconds` is asked before and after each plan.
[[nodiscard]] std::vector<Judged> judge(const Company& company, double (*microseconds)() = nullptr);

}  // namespace loquat::tests
